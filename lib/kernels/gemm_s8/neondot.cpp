// sdot adds four exact products to a sum of 32 bits, by lane: sixteen multiply-accumulates an instruction, no rounding,
// no saturation, -128 included.
//
// A is packed into panels of 8 rows, B into panels of 12 columns, both in steps of four l: for each step four bytes of
// every row, or column. A step of a tile is five loads and 24 instructions, which is all that 29 of 32 registers can
// do.
#include "kernels/gemm_s8/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t panel_rows = 8;
constexpr std::size_t panel_columns = 12;
constexpr std::size_t step = 4;       // of l
constexpr std::size_t k_block = 1280; // a panel of B (12 x 1.25 KiB) and one of A stay in a first-level cache of 32 KiB
constexpr std::size_t n_block = 192;  // packed B (192 x 1.25 KiB) stays in a second-level cache of 512 KiB

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// Sixteen bytes of four rows into four steps, `stride` bytes apart.
void transpose(const std::int8_t* from, std::size_t distance, std::int8_t* out, std::size_t stride) {
    int32x4_t x[4];
    for (std::size_t i = 0; i < 4; ++i) x[i] = vreinterpretq_s32_s8(vld1q_s8(from + i * distance));
    const int64x2_t even_low = vreinterpretq_s64_s32(vtrn1q_s32(x[0], x[1]));
    const int64x2_t odd_low = vreinterpretq_s64_s32(vtrn2q_s32(x[0], x[1]));
    const int64x2_t even_high = vreinterpretq_s64_s32(vtrn1q_s32(x[2], x[3]));
    const int64x2_t odd_high = vreinterpretq_s64_s32(vtrn2q_s32(x[2], x[3]));
    vst1q_s8(out, vreinterpretq_s8_s64(vtrn1q_s64(even_low, even_high)));
    vst1q_s8(out + stride, vreinterpretq_s8_s64(vtrn1q_s64(odd_low, odd_high)));
    vst1q_s8(out + 2 * stride, vreinterpretq_s8_s64(vtrn2q_s64(even_low, even_high)));
    vst1q_s8(out + 3 * stride, vreinterpretq_s8_s64(vtrn2q_s64(odd_low, odd_high)));
}

/// `Lines` rows or columns, of which `used` exist, `depth` long, zeros beyond.
template <std::size_t Lines>
void pack(const std::int8_t* from, std::size_t distance, std::size_t used, std::size_t depth, std::int8_t* out) {
    constexpr std::size_t step_bytes = Lines * step;
    std::size_t l = 0;
    if (used == Lines)
        for (; l + 16 <= depth; l += 16)
            for (std::size_t i = 0; i < Lines; i += 4)
                transpose(from + i * distance + l, distance, out + l * Lines + i * step, step_bytes);
    for (; l < depth; l += step) {
        for (std::size_t i = 0; i < Lines; ++i) {
            std::int8_t four[step] = {};
            for (std::size_t e = 0; i < used && e < least(depth - l, step); ++e) four[e] = from[i * distance + l + e];
            __builtin_memcpy(out + l * Lines + i * step, four, step);
        }
    }
}

struct Tile {
    const std::int8_t* a;
    const std::int8_t* b;
    std::size_t steps;
    std::int32_t* c;
    std::size_t ldc;
    std::size_t rows, columns; // at most 8 and 12
    bool adds;                 // to what is in c
};

void store_some(const int32x4_t (&sums)[3], std::int32_t* c, std::size_t columns, bool adds) {
    if (columns == panel_columns) {
        for (std::size_t i = 0; i < 3; ++i)
            vst1q_s32(c + 4 * i, adds ? vaddq_s32(sums[i], vld1q_s32(c + 4 * i)) : sums[i]);
        return;
    }
    std::uint32_t some[panel_columns];
    for (std::size_t i = 0; i < 3; ++i) vst1q_u32(some + 4 * i, vreinterpretq_u32_s32(sums[i]));
    for (std::size_t j = 0; j < columns; ++j)
        c[j] = static_cast<std::int32_t>(some[j] + (adds ? static_cast<std::uint32_t>(c[j]) : 0));
}

/// Four rows' sums and one step: the lane of A, four bytes of one row, is part of the instruction.
__attribute__((always_inline)) inline void add_step(int32x4_t (&sum)[4][3], int8x16_t a, const int8x16_t (&b)[3]) {
#pragma GCC unroll 3
    for (std::size_t j = 0; j < 3; ++j) {
        sum[0][j] = vdotq_laneq_s32(sum[0][j], b[j], a, 0);
        sum[1][j] = vdotq_laneq_s32(sum[1][j], b[j], a, 1);
        sum[2][j] = vdotq_laneq_s32(sum[2][j], b[j], a, 2);
        sum[3][j] = vdotq_laneq_s32(sum[3][j], b[j], a, 3);
    }
}

/// `Fours` is 1 where at most four rows are in use.
template <std::size_t Fours>
void multiply_tile(const Tile& t) {
    int32x4_t sum[Fours][4][3];
    for (auto& four : sum)
        for (auto& row : four)
            for (auto& value : row) value = vdupq_n_s32(0);
    const std::int8_t* a = t.a;
    const std::int8_t* b = t.b;
    for (std::size_t s = t.steps; s != 0; --s, a += panel_rows * step, b += panel_columns * step) {
        const int8x16_t columns[3] = {vld1q_s8(b), vld1q_s8(b + 16), vld1q_s8(b + 32)};
#pragma GCC unroll 2
        for (std::size_t four = 0; four < Fours; ++four) add_step(sum[four], vld1q_s8(a + 16 * four), columns);
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
        tile.b += tile.steps * step * panel_columns;
        tile.c += panel_columns;
    }
}

} // namespace

std::size_t gemm_s8_neondot_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    return round_up(least(k, k_block), step) * (panel_rows + round_up(least(n, n_block), panel_columns));
}

void gemm_s8_neondot(const GemmS8Arguments& g) noexcept {
    auto* const packed_a = reinterpret_cast<std::int8_t*>(g.workspace);
    std::int8_t* const packed_b = packed_a + panel_rows * round_up(least(g.k, k_block), step);
    for (std::size_t j = 0; j < g.n; j += n_block) {
        const std::size_t columns = least(g.n - j, n_block);
        for (std::size_t l = 0; l == 0 || l < g.k; l += k_block) {
            const std::size_t depth = least(g.k - l, k_block), steps = round_up(depth, step) / step;
            for (std::size_t p = 0; p < columns; p += panel_columns)
                pack<panel_columns>(g.b + (j + p) * g.ldb + l, g.ldb, least(columns - p, panel_columns), depth,
                                    packed_b + p * steps * step);
            for (std::size_t i = 0; i < g.m; i += panel_rows) {
                const std::size_t rows = least(g.m - i, panel_rows);
                pack<panel_rows>(g.a + i * g.lda + l, g.lda, rows, depth, packed_a);
                multiply_panel({packed_a, packed_b, steps, g.c + i * g.ldc + j, g.ldc, rows, 0, l != 0}, columns);
            }
        }
    }
}

} // namespace kaisar::kernels
