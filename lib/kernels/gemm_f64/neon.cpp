// A is packed into panels of 8 rows, B into panels of 6 columns, both step by step of l: a step of a tile loads seven
// vectors for 24 multiply-adds by lane, which leave one of 32 registers.
#include "kernels/gemm_f64/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t panel_rows = 8;
constexpr std::size_t panel_columns = 6;
constexpr std::size_t k_block =
    240; // a panel of B (11 KiB) and one of A (15 KiB) stay in a first-level cache of 32 KiB
constexpr std::size_t n_block = 132; // packed B (248 KiB) stays in a second-level cache of 512 KiB

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

void pack_b(const double* b, std::size_t ldb, std::size_t columns, std::size_t depth, double* out) {
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        const std::size_t used = least(columns - j, panel_columns);
        for (std::size_t l = 0; l < depth; ++l, out += panel_columns) {
            const double* const from = b + l * ldb + j;
            if (used == panel_columns) {
                for (std::size_t i = 0; i < panel_columns; i += 2) vst1q_f64(out + i, vld1q_f64(from + i));
                continue;
            }
            for (std::size_t i = 0; i < panel_columns; ++i) out[i] = i < used ? from[i] : 0;
        }
    }
}

/// Two rows of two elements into two steps, eight doubles apart.
void transpose(const double* a, std::size_t lda, double* out) {
    const float64x2_t x0 = vld1q_f64(a), x1 = vld1q_f64(a + lda);
    vst1q_f64(out, vtrn1q_f64(x0, x1));
    vst1q_f64(out + panel_rows, vtrn2q_f64(x0, x1));
}

void pack_a(const double* a, std::size_t lda, std::size_t rows, std::size_t depth, double* out) {
    std::size_t l = 0;
    if (rows == panel_rows) {
        for (; l + 2 <= depth; l += 2)
            for (std::size_t i = 0; i < panel_rows; i += 2) transpose(a + i * lda + l, lda, out + l * panel_rows + i);
    }
    for (; l < depth; ++l)
        for (std::size_t i = 0; i < panel_rows; ++i) out[l * panel_rows + i] = i < rows ? a[i * lda + l] : 0;
}

struct Tile {
    const double* a;
    const double* b;
    std::size_t depth;
    double* c;
    std::size_t ldc;
    std::size_t rows, columns; // at most 8 and 6
    bool adds;                 // to what is in c
};

void store_some(const float64x2_t (&sums)[3], double* c, std::size_t columns, bool adds) {
    if (columns == panel_columns) {
        for (std::size_t i = 0; i < 3; ++i)
            vst1q_f64(c + 2 * i, adds ? vaddq_f64(sums[i], vld1q_f64(c + 2 * i)) : sums[i]);
        return;
    }
    double some[panel_columns];
    for (std::size_t i = 0; i < 3; ++i) vst1q_f64(some + 2 * i, sums[i]);
    for (std::size_t j = 0; j < columns; ++j) c[j] = adds ? c[j] + some[j] : some[j];
}

/// Two rows' sums and one step: the lane of A is part of the instruction.
__attribute__((always_inline)) inline void add_step(float64x2_t (&sum)[2][3], float64x2_t a,
                                                    const float64x2_t (&b)[3]) {
#pragma GCC unroll 3
    for (std::size_t j = 0; j < 3; ++j) {
        sum[0][j] = vfmaq_laneq_f64(sum[0][j], b[j], a, 0);
        sum[1][j] = vfmaq_laneq_f64(sum[1][j], b[j], a, 1);
    }
}

/// `Pairs` is how many pairs of rows are in use.
template <std::size_t Pairs>
void multiply_tile(const Tile& t) {
    float64x2_t sum[Pairs][2][3];
    for (auto& pair : sum)
        for (auto& row : pair)
            for (auto& value : row) value = vdupq_n_f64(0);
    const double* a = t.a;
    const double* b = t.b;
    for (std::size_t l = t.depth; l != 0; --l, a += panel_rows, b += panel_columns) {
        const float64x2_t columns[3] = {vld1q_f64(b), vld1q_f64(b + 2), vld1q_f64(b + 4)};
#pragma GCC unroll 4
        for (std::size_t pair = 0; pair < Pairs; ++pair) add_step(sum[pair], vld1q_f64(a + 2 * pair), columns);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 2 * Pairs; ++i)
        if (i < t.rows) store_some(sum[i / 2][i % 2], t.c + i * t.ldc, t.columns, t.adds);
}

/// One packed row panel of A against all panels of packed B.
void multiply_panel(Tile tile, std::size_t columns) {
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        tile.columns = least(columns - j, panel_columns);
        tile.rows <= 4 ? multiply_tile<2>(tile) : multiply_tile<4>(tile);
        tile.b += tile.depth * panel_columns;
        tile.c += panel_columns;
    }
}

} // namespace

std::size_t gemm_f64_neon_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    return sizeof(double) * least(k, k_block) * (panel_rows + round_up(least(n, n_block), panel_columns));
}

void gemm_f64_neon(const GemmF64Arguments& g) noexcept {
    auto* const packed_a = reinterpret_cast<double*>(g.workspace);
    double* const packed_b = packed_a + panel_rows * least(g.k, k_block);
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
