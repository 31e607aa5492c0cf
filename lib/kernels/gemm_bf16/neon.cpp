// Numbers become floats as they are packed: A into panels of 8 rows, B into panels of 12 columns, both step by step of
// l. A step of a tile is five loads and 24 multiply-adds by lane, which is all that 29 of 32 registers can do.
#include "kernels/gemm_bf16/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t panel_rows = 8;
constexpr std::size_t panel_columns = 12;
constexpr std::size_t k_block = 320; // a panel of B (12 x 1.25 KiB) and one of A stay in a first-level cache of 32 KiB
constexpr std::size_t n_block = 192; // packed B (192 x 1.25 KiB) stays in a second-level cache of 512 KiB

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// Four numbers as floats: theirs are the upper halves of the bits.
float32x4_t widen(const std::uint16_t* from) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(from), 16)); }

void widen_one(const std::uint16_t* from, float* to) {
    vst1q_lane_f32(to, vreinterpretq_f32_u32(vdupq_n_u32(std::uint32_t{*from} << 16)), 0);
}

void pack_b(const std::uint16_t* b, std::size_t ldb, std::size_t columns, std::size_t depth, float* out) {
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        const std::size_t used = least(columns - j, panel_columns);
        for (std::size_t l = 0; l < depth; ++l, out += panel_columns) {
            const std::uint16_t* const from = b + l * ldb + j;
            if (used == panel_columns) {
                for (std::size_t i = 0; i < panel_columns; i += 4) vst1q_f32(out + i, widen(from + i));
                continue;
            }
            for (std::size_t i = 0; i < panel_columns; ++i) {
                out[i] = 0;
                if (i < used) widen_one(from + i, out + i);
            }
        }
    }
}

/// Four rows of four numbers into four steps, eight floats apart.
void transpose(const std::uint16_t* a, std::size_t lda, float* out) {
    const float32x4_t x0 = widen(a), x1 = widen(a + lda), x2 = widen(a + 2 * lda), x3 = widen(a + 3 * lda);
    const float64x2_t even_low = vreinterpretq_f64_f32(vtrn1q_f32(x0, x1));
    const float64x2_t odd_low = vreinterpretq_f64_f32(vtrn2q_f32(x0, x1));
    const float64x2_t even_high = vreinterpretq_f64_f32(vtrn1q_f32(x2, x3));
    const float64x2_t odd_high = vreinterpretq_f64_f32(vtrn2q_f32(x2, x3));
    vst1q_f32(out, vreinterpretq_f32_f64(vtrn1q_f64(even_low, even_high)));
    vst1q_f32(out + panel_rows, vreinterpretq_f32_f64(vtrn1q_f64(odd_low, odd_high)));
    vst1q_f32(out + 2 * panel_rows, vreinterpretq_f32_f64(vtrn2q_f64(even_low, even_high)));
    vst1q_f32(out + 3 * panel_rows, vreinterpretq_f32_f64(vtrn2q_f64(odd_low, odd_high)));
}

void pack_a(const std::uint16_t* a, std::size_t lda, std::size_t rows, std::size_t depth, float* out) {
    std::size_t l = 0;
    if (rows == panel_rows) {
        for (; l + 4 <= depth; l += 4) {
            transpose(a + l, lda, out + l * panel_rows);
            transpose(a + 4 * lda + l, lda, out + l * panel_rows + 4);
        }
    }
    for (; l < depth; ++l) {
        for (std::size_t i = 0; i < panel_rows; ++i) {
            out[l * panel_rows + i] = 0;
            if (i < rows) widen_one(a + i * lda + l, out + l * panel_rows + i);
        }
    }
}

struct Tile {
    const float* a;
    const float* b;
    std::size_t depth;
    float* c;
    std::size_t ldc;
    std::size_t rows, columns; // at most 8 and 12
    bool adds;                 // to what is in c
};

void store_some(const float32x4_t (&sums)[3], float* c, std::size_t columns, bool adds) {
    if (columns == panel_columns) {
        for (std::size_t i = 0; i < 3; ++i)
            vst1q_f32(c + 4 * i, adds ? vaddq_f32(sums[i], vld1q_f32(c + 4 * i)) : sums[i]);
        return;
    }
    float some[panel_columns];
    for (std::size_t i = 0; i < 3; ++i) vst1q_f32(some + 4 * i, sums[i]);
    for (std::size_t j = 0; j < columns; ++j) c[j] = adds ? c[j] + some[j] : some[j];
}

/// Four rows' sums and one step: the lane of A is part of the instruction.
__attribute__((always_inline)) inline void add_step(float32x4_t (&sum)[4][3], float32x4_t a,
                                                    const float32x4_t (&b)[3]) {
#pragma GCC unroll 3
    for (std::size_t j = 0; j < 3; ++j) {
        sum[0][j] = vfmaq_laneq_f32(sum[0][j], b[j], a, 0);
        sum[1][j] = vfmaq_laneq_f32(sum[1][j], b[j], a, 1);
        sum[2][j] = vfmaq_laneq_f32(sum[2][j], b[j], a, 2);
        sum[3][j] = vfmaq_laneq_f32(sum[3][j], b[j], a, 3);
    }
}

/// `Fours` is 1 where at most four rows are in use.
template <std::size_t Fours>
void multiply_tile(const Tile& t) {
    float32x4_t sum[Fours][4][3];
    for (auto& four : sum)
        for (auto& row : four)
            for (auto& value : row) value = vdupq_n_f32(0);
    const float* a = t.a;
    const float* b = t.b;
    for (std::size_t l = t.depth; l != 0; --l, a += panel_rows, b += panel_columns) {
        const float32x4_t columns[3] = {vld1q_f32(b), vld1q_f32(b + 4), vld1q_f32(b + 8)};
#pragma GCC unroll 2
        for (std::size_t four = 0; four < Fours; ++four) add_step(sum[four], vld1q_f32(a + 4 * four), columns);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 4 * Fours; ++i)
        if (i < t.rows) store_some(sum[i / 4][i % 4], t.c + i * t.ldc, t.columns, t.adds);
}

/// One packed row panel of A against all panels of packed B.
void multiply_panel(Tile tile, std::size_t columns) {
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        tile.columns = least(columns - j, panel_columns);
        tile.rows <= 4 ? multiply_tile<1>(tile) : multiply_tile<2>(tile);
        tile.b += tile.depth * panel_columns;
        tile.c += panel_columns;
    }
}

} // namespace

std::size_t gemm_bf16_neon_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    return sizeof(float) * least(k, k_block) * (panel_rows + round_up(least(n, n_block), panel_columns));
}

void gemm_bf16_neon(const GemmBf16Arguments& g) noexcept {
    auto* const packed_a = reinterpret_cast<float*>(g.workspace);
    float* const packed_b = packed_a + panel_rows * least(g.k, k_block);
    for (std::size_t j = 0; j < g.n; j += n_block) {
        const std::size_t columns = least(g.n - j, n_block);
        for (std::size_t l = 0; l == 0 || l < g.k; l += k_block) {
            const std::size_t depth = least(g.k - l, k_block);
            pack_b(g.b + l * g.ldb + j, g.ldb, columns, depth, packed_b);
            for (std::size_t i = 0; i < g.m; i += panel_rows) {
                const std::size_t rows = least(g.m - i, panel_rows);
                pack_a(g.a + i * g.lda + l, g.lda, rows, depth, packed_a);
                multiply_panel({packed_a, packed_b, depth, g.c + i * g.ldc + j, g.ldc, rows, 0, l != 0}, columns);
            }
        }
    }
}

} // namespace kaisar::kernels
