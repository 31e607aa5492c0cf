// bfmmla adds a product of two rows of A and two columns of B, four numbers of each, to 2 x 2 sums. Four l at a time, A
// is packed into panels of four pairs of rows, B into panels of four pairs of columns: a step of a tile loads eight
// vectors for sixteen instructions. More sums than that are kept on the stack by GCC 12. What is missing at the edges
// is zero.
#include "kernels/gemm_bf16/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t panel_rows = 8;
constexpr std::size_t panel_columns = 8;
constexpr std::size_t step = 4;      // of l
constexpr std::size_t k_block = 768; // a panel of B and one of A (12 KiB each) stay in a first-level cache of 32 KiB
constexpr std::size_t n_block = 192; // packed B (288 KiB) stays in a second-level cache of 512 KiB

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// Four rows of four columns, in pairs of columns with four l each.
void pack_four(uint16x4_t l0, uint16x4_t l1, uint16x4_t l2, uint16x4_t l3, std::uint16_t* out) {
    const uint32x4_t first = vreinterpretq_u32_u16(vcombine_u16(vzip1_u16(l0, l1), vzip2_u16(l0, l1)));
    const uint32x4_t second = vreinterpretq_u32_u16(vcombine_u16(vzip1_u16(l2, l3), vzip2_u16(l2, l3)));
    vst1q_u16(out, vreinterpretq_u16_u32(vzip1q_u32(first, second)));
    vst1q_u16(out + 8, vreinterpretq_u16_u32(vzip2q_u32(first, second)));
}

void pack_b(const std::uint16_t* b, std::size_t ldb, std::size_t columns, std::size_t depth, std::uint16_t* out) {
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        const std::size_t used = least(columns - j, panel_columns);
        for (std::size_t l = 0; l < depth; l += step, out += step * panel_columns) {
            const std::uint16_t* const from = b + l * ldb + j;
            if (used == panel_columns && l + step <= depth) {
                for (std::size_t i = 0; i < panel_columns; i += 4)
                    pack_four(vld1_u16(from + i), vld1_u16(from + ldb + i), vld1_u16(from + 2 * ldb + i),
                              vld1_u16(from + 3 * ldb + i), out + step * i);
                continue;
            }
            for (std::size_t i = 0; i < panel_columns; ++i)
                for (std::size_t q = 0; q < step; ++q)
                    out[step * i + q] = i < used && l + q < depth ? from[q * ldb + i] : std::uint16_t{0};
        }
    }
}

void pack_a(const std::uint16_t* a, std::size_t lda, std::size_t rows, std::size_t depth, std::uint16_t* out) {
    for (std::size_t l = 0; l < depth; l += step) {
        for (std::size_t i = 0; i < panel_rows; ++i, out += step) {
            if (i < rows && l + step <= depth) {
                vst1_u16(out, vld1_u16(a + i * lda + l));
                continue;
            }
            for (std::size_t q = 0; q < step; ++q)
                out[q] = i < rows && l + q < depth ? a[i * lda + l + q] : std::uint16_t{0};
        }
    }
}

struct Tile {
    const std::uint16_t* a;
    const std::uint16_t* b;
    std::size_t steps;
    float* c;
    std::size_t ldc;
    std::size_t rows, columns; // at most 8 and 8
    bool adds;                 // to what is in c
};

/// A row of C: one half of each of four sums.
void store_some(const float32x2_t (&sums)[4], float* c, std::size_t columns, bool adds) {
    if (columns == panel_columns) {
        for (std::size_t j = 0; j < 4; ++j)
            vst1_f32(c + 2 * j, adds ? vadd_f32(sums[j], vld1_f32(c + 2 * j)) : sums[j]);
        return;
    }
    float some[panel_columns];
    for (std::size_t j = 0; j < 4; ++j) vst1_f32(some + 2 * j, sums[j]);
    for (std::size_t j = 0; j < columns; ++j) c[j] = adds ? c[j] + some[j] : some[j];
}

bfloat16x8_t load(const std::uint16_t* from) { return vreinterpretq_bf16_u16(vld1q_u16(from)); }

/// `Pairs` is how many pairs of rows are in use.
template <std::size_t Pairs>
void multiply_tile(const Tile& t) {
    float32x4_t sum[Pairs][4];
    for (auto& pair : sum)
        for (auto& value : pair) value = vdupq_n_f32(0);
    const std::uint16_t* a = t.a;
    const std::uint16_t* b = t.b;
    for (std::size_t l = t.steps; l != 0; --l, a += step * panel_rows, b += step * panel_columns) {
        bfloat16x8_t columns[4];
#pragma GCC unroll 4
        for (std::size_t j = 0; j < 4; ++j) columns[j] = load(b + 2 * step * j);
#pragma GCC unroll 4
        for (std::size_t i = 0; i < Pairs; ++i) {
            const bfloat16x8_t rows = load(a + 2 * step * i);
#pragma GCC unroll 4
            for (std::size_t j = 0; j < 4; ++j) sum[i][j] = vbfmmlaq_f32(sum[i][j], rows, columns[j]);
        }
    }
#pragma GCC unroll 4
    for (std::size_t i = 0; i < Pairs; ++i) {
        float32x2_t upper[4], lower[4];
        for (std::size_t j = 0; j < 4; ++j) upper[j] = vget_low_f32(sum[i][j]), lower[j] = vget_high_f32(sum[i][j]);
        if (2 * i < t.rows) store_some(upper, t.c + 2 * i * t.ldc, t.columns, t.adds);
        if (2 * i + 1 < t.rows) store_some(lower, t.c + (2 * i + 1) * t.ldc, t.columns, t.adds);
    }
}

/// One packed row panel of A against all panels of packed B.
void multiply_panel(Tile tile, std::size_t columns) {
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        tile.columns = least(columns - j, panel_columns);
        tile.rows <= 4 ? multiply_tile<2>(tile) : multiply_tile<4>(tile);
        tile.b += tile.steps * step * panel_columns;
        tile.c += panel_columns;
    }
}

} // namespace

std::size_t gemm_bf16_neonbf16_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    return sizeof(std::uint16_t) * round_up(least(k, k_block), step) *
           (panel_rows + round_up(least(n, n_block), panel_columns));
}

void gemm_bf16_neonbf16(const GemmBf16Arguments& g) noexcept {
    auto* const packed_a = reinterpret_cast<std::uint16_t*>(g.workspace);
    std::uint16_t* const packed_b = packed_a + panel_rows * round_up(least(g.k, k_block), step);
    for (std::size_t j = 0; j < g.n; j += n_block) {
        const std::size_t columns = least(g.n - j, n_block);
        for (std::size_t l = 0; l == 0 || l < g.k; l += k_block) {
            const std::size_t depth = least(g.k - l, k_block), steps = round_up(depth, step) / step;
            pack_b(g.b + l * g.ldb + j, g.ldb, columns, depth, packed_b);
            for (std::size_t i = 0; i < g.m; i += panel_rows) {
                const std::size_t rows = least(g.m - i, panel_rows);
                pack_a(g.a + i * g.lda + l, g.lda, rows, depth, packed_a);
                multiply_panel({packed_a, packed_b, steps, g.c + i * g.ldc + j, g.ldc, rows, 0, l != 0}, columns);
            }
        }
    }
}

} // namespace kaisar::kernels
