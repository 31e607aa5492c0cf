// Both sides are widened to 16 bits while packing; smlal by lane then adds four exact products to sums of 32 bits.
// (smull and smlal on 8 bits would do eight, but two products of -128 by -128 do not fit their 16 bits.)
//
// A is packed into panels of 8 rows, B into panels of 8 columns, step by step of l. A step of a tile is two loads and
// sixteen multiply-adds.
#include "kernels/gemm_s8/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t panel_lines = 8; // rows of A, columns of B
constexpr std::size_t k_block = 768;   // a panel of B (8 x 1.5 KiB) and one of A stay in a first-level cache of 32 KiB
constexpr std::size_t n_block = 192;   // widened B (192 x 1.5 KiB) stays in a second-level cache of 512 KiB

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// Eight bytes of eight rows, widened, into eight steps of eight.
void transpose(const std::int8_t* from, std::size_t distance, std::int16_t* out) {
    int16x8_t x[8];
    for (std::size_t i = 0; i < 8; ++i) x[i] = vmovl_s8(vld1_s8(from + i * distance));
    int32x4_t pairs[8]; // of rows 2i and 2i + 1: even steps, odd steps
    for (std::size_t i = 0; i < 4; ++i) {
        pairs[2 * i] = vreinterpretq_s32_s16(vtrn1q_s16(x[2 * i], x[2 * i + 1]));
        pairs[2 * i + 1] = vreinterpretq_s32_s16(vtrn2q_s16(x[2 * i], x[2 * i + 1]));
    }
    int64x2_t fours[8]; // of rows 4h to 4h + 3: steps 0 and 4, 1 and 5, 2 and 6, 3 and 7
    for (std::size_t h = 0; h < 2; ++h) {
        for (std::size_t odd = 0; odd < 2; ++odd) {
            fours[4 * h + odd] = vreinterpretq_s64_s32(vtrn1q_s32(pairs[4 * h + odd], pairs[4 * h + 2 + odd]));
            fours[4 * h + 2 + odd] = vreinterpretq_s64_s32(vtrn2q_s32(pairs[4 * h + odd], pairs[4 * h + 2 + odd]));
        }
    }
    for (std::size_t s = 0; s < 4; ++s) {
        vst1q_s16(out + 8 * s, vreinterpretq_s16_s64(vtrn1q_s64(fours[s], fours[4 + s])));
        vst1q_s16(out + 8 * (s + 4), vreinterpretq_s16_s64(vtrn2q_s64(fours[s], fours[4 + s])));
    }
}

/// Eight rows or columns, of which `used` exist; zeros for the others.
void pack(const std::int8_t* from, std::size_t distance, std::size_t used, std::size_t depth, std::int16_t* out) {
    std::size_t l = 0;
    if (used == panel_lines)
        for (; l + 8 <= depth; l += 8) transpose(from + l, distance, out + l * panel_lines);
    for (; l < depth; ++l)
        for (std::size_t i = 0; i < panel_lines; ++i) out[l * panel_lines + i] = i < used ? from[i * distance + l] : 0;
}

struct Tile {
    const std::int16_t* a;
    const std::int16_t* b;
    std::size_t depth;
    std::int32_t* c;
    std::size_t ldc;
    std::size_t rows, columns; // at most 8 each
    bool adds;                 // to what is in c
};

void store_some(const int32x4_t (&sums)[2], std::int32_t* c, std::size_t columns, bool adds) {
    if (columns == panel_lines) {
        for (std::size_t i = 0; i < 2; ++i)
            vst1q_s32(c + 4 * i, adds ? vaddq_s32(sums[i], vld1q_s32(c + 4 * i)) : sums[i]);
        return;
    }
    std::uint32_t some[panel_lines];
    for (std::size_t i = 0; i < 2; ++i) vst1q_u32(some + 4 * i, vreinterpretq_u32_s32(sums[i]));
    for (std::size_t j = 0; j < columns; ++j)
        c[j] = static_cast<std::int32_t>(some[j] + (adds ? static_cast<std::uint32_t>(c[j]) : 0));
}

template <int Row>
__attribute__((always_inline)) inline void add_row(int32x4_t (&sum)[2], int16x8_t a, int16x8_t b) {
    sum[0] = vmlal_laneq_s16(sum[0], vget_low_s16(b), a, Row);
    sum[1] = vmlal_high_laneq_s16(sum[1], b, a, Row);
}

void multiply_tile(const Tile& t) {
    int32x4_t sum[panel_lines][2];
    for (auto& row : sum) row[0] = row[1] = vdupq_n_s32(0);
    const std::int16_t* a = t.a;
    const std::int16_t* b = t.b;
    for (std::size_t l = t.depth; l != 0; --l, a += panel_lines, b += panel_lines) {
        const int16x8_t rows = vld1q_s16(a), columns = vld1q_s16(b);
        add_row<0>(sum[0], rows, columns);
        add_row<1>(sum[1], rows, columns);
        add_row<2>(sum[2], rows, columns);
        add_row<3>(sum[3], rows, columns);
        add_row<4>(sum[4], rows, columns);
        add_row<5>(sum[5], rows, columns);
        add_row<6>(sum[6], rows, columns);
        add_row<7>(sum[7], rows, columns);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < panel_lines; ++i)
        if (i < t.rows) store_some(sum[i], t.c + i * t.ldc, t.columns, t.adds);
}

/// One packed row panel of A against all panels of packed B.
void multiply_panel(Tile tile, std::size_t columns) {
    for (std::size_t j = 0; j < columns; j += panel_lines) {
        tile.columns = least(columns - j, panel_lines);
        multiply_tile(tile);
        tile.b += tile.depth * panel_lines;
        tile.c += panel_lines;
    }
}

} // namespace

std::size_t gemm_s8_neon_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    return sizeof(std::int16_t) * least(k, k_block) * (panel_lines + round_up(least(n, n_block), panel_lines));
}

void gemm_s8_neon(const GemmS8Arguments& g) noexcept {
    auto* const packed_a = reinterpret_cast<std::int16_t*>(g.workspace);
    std::int16_t* const packed_b = packed_a + panel_lines * least(g.k, k_block);
    for (std::size_t j = 0; j < g.n; j += n_block) {
        const std::size_t columns = least(g.n - j, n_block);
        for (std::size_t l = 0; l == 0 || l < g.k; l += k_block) {
            const std::size_t depth = least(g.k - l, k_block);
            for (std::size_t p = 0; p < columns; p += panel_lines)
                pack(g.b + (j + p) * g.ldb + l, g.ldb, least(columns - p, panel_lines), depth, packed_b + p * depth);
            for (std::size_t i = 0; i < g.m; i += panel_lines) {
                const std::size_t rows = least(g.m - i, panel_lines);
                pack(g.a + i * g.lda + l, g.lda, rows, depth, packed_a);
                multiply_panel({packed_a, packed_b, depth, g.c + i * g.ldc + j, g.ldc, rows, 0, l != 0}, columns);
            }
        }
    }
}

} // namespace kaisar::kernels
