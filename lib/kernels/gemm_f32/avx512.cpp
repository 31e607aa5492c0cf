// B is packed into panels of 32 columns, k_block rows each; A is read where it lies, one element broadcast at a time,
// unless the distance of its rows would put them all into the same few cache sets.
#include "kernels/gemm_f32/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t rows_max = 14; // 14 x 2 accumulators, 2 vectors of B, 1 of A: 31 of 32 registers
constexpr std::size_t panel_columns = 32;
constexpr std::size_t k_block = 512;              // a panel of A (14 x 2 KiB) stays in the first-level cache
constexpr std::size_t n_block = 256;              // packed B (256 x 2 KiB) stays in the second-level cache
constexpr std::size_t copy_stride = k_block + 16; // rows of a copied panel of A start in different cache sets

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

__mmask16 first_columns(std::size_t count) {
    return count >= 16 ? __mmask16{0xffff} : static_cast<__mmask16>((1u << count) - 1);
}

/// Rows at this distance share few sets of a 4 KiB-per-way cache: fourteen of them would evict each other.
bool is_harmful_stride(std::size_t stride_bytes) {
    const std::size_t beyond = stride_bytes % 4096;
    return beyond < 64 || beyond > 4096 - 64 || stride_bytes % 1024 == 0;
}

void pack_b(const float* b, std::size_t ldb, std::size_t columns, std::size_t depth, float* out) {
    for (std::size_t l = 0; l < depth; ++l) {
        for (std::size_t j = 0; j < columns; j += panel_columns) {
            float* const to = out + j * depth + l * panel_columns;
            const float* const from = b + l * ldb + j;
            const std::size_t left = columns - j;
            _mm512_store_ps(to, _mm512_maskz_loadu_ps(first_columns(left), from));
            _mm512_store_ps(to + 16, _mm512_maskz_loadu_ps(first_columns(left < 16 ? 0 : left - 16), from + 16));
        }
    }
}

void copy_rows(const float* a, std::size_t lda, std::size_t rows, std::size_t depth, float* out) {
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t l = 0; l < depth; l += 16)
            _mm512_store_ps(out + i * copy_stride + l,
                            _mm512_maskz_loadu_ps(first_columns(depth - l), a + i * lda + l));
}

struct Tile {
    const float* a;
    std::size_t stride; // of a, in floats
    const float* b;
    std::size_t depth;
    float* c;
    std::size_t ldc;
    __mmask16 columns[2];
    bool adds; // to what is in c
};

template <std::size_t Rows>
void multiply_tile(const Tile& t) {
    __m512 sum[Rows][2];
#pragma GCC unroll 14
    for (std::size_t i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
    const float* a = t.a;
    const float* b = t.b;
    for (std::size_t l = t.depth; l != 0; --l, ++a, b += panel_columns) {
        const __m512 b0 = _mm512_load_ps(b), b1 = _mm512_load_ps(b + 16);
#pragma GCC unroll 14
        for (std::size_t i = 0; i < Rows; ++i) {
            const __m512 a1 = _mm512_set1_ps(a[i * t.stride]);
            sum[i][0] = _mm512_fmadd_ps(a1, b0, sum[i][0]);
            sum[i][1] = _mm512_fmadd_ps(a1, b1, sum[i][1]);
        }
    }
#pragma GCC unroll 14
    for (std::size_t i = 0; i < Rows; ++i) {
        for (int v = 0; v < 2; ++v) {
            float* c = t.c + i * t.ldc + 16 * v;
            __m512 value = sum[i][v];
            if (t.adds) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(t.columns[v], c));
            _mm512_mask_storeu_ps(c, t.columns[v], value);
        }
    }
}

using TileFunction = void (*)(const Tile&);
constexpr TileFunction tile_functions[rows_max] = {
    multiply_tile<1>,  multiply_tile<2>,  multiply_tile<3>,  multiply_tile<4>,  multiply_tile<5>,
    multiply_tile<6>,  multiply_tile<7>,  multiply_tile<8>,  multiply_tile<9>,  multiply_tile<10>,
    multiply_tile<11>, multiply_tile<12>, multiply_tile<13>, multiply_tile<14>,
};

/// One row panel of A against all panels of packed B.
void multiply_panel(Tile tile, std::size_t rows, std::size_t columns) {
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        tile.columns[0] = first_columns(columns - j);
        tile.columns[1] = first_columns(columns - j < 16 ? 0 : columns - j - 16);
        tile_functions[rows - 1](tile);
        tile.b += tile.depth * panel_columns;
        tile.c += panel_columns;
    }
}

} // namespace

std::size_t gemm_f32_avx512_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    return sizeof(float) * (rows_max * copy_stride + round_up(least(n, n_block), panel_columns) * least(k, k_block));
}

void gemm_f32_avx512(const GemmF32Arguments& g) noexcept {
    auto* const copied = reinterpret_cast<float*>(g.workspace);
    float* const packed = copied + rows_max * copy_stride;
    const std::size_t panels = (g.m + rows_max - 1) / rows_max;
    const bool copies = is_harmful_stride(g.lda * sizeof(float));
    for (std::size_t j = 0; j < g.n; j += n_block) {
        const std::size_t columns = least(g.n - j, n_block);
        for (std::size_t l = 0; l == 0 || l < g.k; l += k_block) {
            const std::size_t depth = least(g.k - l, k_block);
            pack_b(g.b + l * g.ldb + j, g.ldb, columns, depth, packed);
            std::size_t i = 0;
            for (std::size_t panel = 0; panel < panels; ++panel) { // of nearly equal height
                const std::size_t rows = (g.m - i + panels - panel - 1) / (panels - panel);
                const float* const a = g.a + i * g.lda + l;
                if (copies) copy_rows(a, g.lda, rows, depth, copied);
                multiply_panel({copies ? copied : a,
                                copies ? copy_stride : g.lda,
                                packed,
                                depth,
                                g.c + i * g.ldc + j,
                                g.ldc,
                                {},
                                l != 0},
                               rows, columns);
                i += rows;
            }
        }
    }
}

} // namespace kaisar::kernels
