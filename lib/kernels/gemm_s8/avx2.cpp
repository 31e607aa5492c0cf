// Both sides are widened to 16 bits while packing; vpmaddwd then adds two exact products, vpaddd accumulates them.
// (vpmaddubsw would be faster and wrong: it saturates.)
//
// B is packed into panels of 16 columns: for each pair of l, 16 columns x 2 int16. A is packed into panels of up to 6
// rows, each row contiguous.
#include "kernels/gemm_s8/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t rows_max = 6; // 6 x 2 accumulators, 2 vectors of B, 1 of A, 1 product: 16 registers
constexpr std::size_t panel_columns = 16;
constexpr std::size_t k_block = 1024;              // a widened panel of A (6 x 2 KiB) stays in the first-level cache
constexpr std::size_t n_block = 256;               // widened B (256 x 2 KiB) stays in the second-level cache
constexpr std::size_t row_elements = k_block + 32; // rows of a packed panel of A start in different cache sets

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// Sixteen elements of a row as int16, zeros beyond `count`.
__m256i load_widened(const std::int8_t* from, std::size_t count) {
    if (count >= 16) return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    alignas(16) std::int8_t some[16] = {};
    for (std::size_t i = 0; i < count; ++i) some[i] = from[i];
    return _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(some)));
}

/// Eight columns of B, `depth` long (zeros beyond), of which `columns` exist: for each pair of l, 8 x 2 int16 at
/// out + 32 * (l / 2).
void pack_eight_columns(const std::int8_t* b, std::size_t ldb, std::size_t columns, std::size_t depth,
                        std::int16_t* out) {
    for (std::size_t l = 0; l < depth; l += 16) {
        __m256i x[8], pairs[8], quads[8];
        for (std::size_t j = 0; j < 8; ++j)
            x[j] = j < columns ? load_widened(b + j * ldb + l, depth - l) : _mm256_setzero_si256();
        for (int i = 0; i < 4; ++i) {
            pairs[2 * i] = _mm256_unpacklo_epi32(x[2 * i], x[2 * i + 1]);
            pairs[2 * i + 1] = _mm256_unpackhi_epi32(x[2 * i], x[2 * i + 1]);
        }
        for (int half = 0; half < 2; ++half) {
            for (int i = 0; i < 2; ++i) {
                quads[4 * half + 2 * i] = _mm256_unpacklo_epi64(pairs[4 * half + i], pairs[4 * half + 2 + i]);
                quads[4 * half + 2 * i + 1] = _mm256_unpackhi_epi64(pairs[4 * half + i], pairs[4 * half + 2 + i]);
            }
        }
        const std::size_t steps = least((depth - l + 1) / 2, 8);
        for (std::size_t q = 0; q < 4; ++q) {
            auto* const to = reinterpret_cast<__m256i*>(out + 32 * (l / 2 + q));
            if (q < steps) _mm256_store_si256(to, _mm256_permute2x128_si256(quads[q], quads[4 + q], 0x20));
            if (q + 4 < steps) _mm256_store_si256(to + 8, _mm256_permute2x128_si256(quads[q], quads[4 + q], 0x31));
        }
    }
}

void pack_b(const std::int8_t* b, std::size_t ldb, std::size_t columns, std::size_t depth, std::int16_t* out) {
    for (std::size_t j = 0; j < columns; j += 8) {
        std::int16_t* panel = out + j / panel_columns * panel_columns * round_up(depth, 2);
        pack_eight_columns(b + j * ldb, ldb, least(columns - j, 8), depth, panel + (j % panel_columns) * 2);
    }
}

void pack_a(const std::int8_t* a, std::size_t lda, std::size_t rows, std::size_t depth, std::int16_t* out) {
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t l = 0; l < depth; l += 16)
            _mm256_store_si256(reinterpret_cast<__m256i*>(out + i * row_elements + l),
                               load_widened(a + i * lda + l, depth - l));
}

struct Tile {
    const std::int16_t* a;
    const std::int16_t* b;
    std::size_t steps; // pairs of l
    std::int32_t* c;
    std::size_t ldc;
    std::size_t columns; // at most 16
    bool adds;           // to what is in c
};

void store_some(__m256i value, std::int32_t* c, std::size_t columns, bool adds) {
    if (columns >= 8) {
        auto* const to = reinterpret_cast<__m256i*>(c);
        if (adds) value = _mm256_add_epi32(value, _mm256_loadu_si256(to));
        _mm256_storeu_si256(to, value);
        return;
    }
    alignas(32) std::uint32_t some[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(some), value);
    for (std::size_t j = 0; j < columns; ++j)
        c[j] = static_cast<std::int32_t>(some[j] + (adds ? static_cast<std::uint32_t>(c[j]) : 0));
}

template <std::size_t Rows>
void multiply_tile(const Tile& t) {
    __m256i sum[Rows][2];
#pragma GCC unroll 6
    for (std::size_t i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = _mm256_setzero_si256();
    const std::int16_t* a = t.a;
    const std::int16_t* b = t.b;
    for (std::size_t step = t.steps; step != 0; --step, a += 2, b += 32) {
        const __m256i b0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(b));
        const __m256i b1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(b + 16));
#pragma GCC unroll 6
        for (std::size_t i = 0; i < Rows; ++i) {
            int two;
            __builtin_memcpy(&two, a + i * row_elements, 4);
            const __m256i a2 = _mm256_set1_epi32(two);
            sum[i][0] = _mm256_add_epi32(sum[i][0], _mm256_madd_epi16(a2, b0));
            sum[i][1] = _mm256_add_epi32(sum[i][1], _mm256_madd_epi16(a2, b1));
        }
    }
#pragma GCC unroll 6
    for (std::size_t i = 0; i < Rows; ++i) {
        store_some(sum[i][0], t.c + i * t.ldc, t.columns, t.adds);
        if (t.columns > 8) store_some(sum[i][1], t.c + i * t.ldc + 8, t.columns - 8, t.adds);
    }
}

using TileFunction = void (*)(const Tile&);
constexpr TileFunction tile_functions[rows_max] = {
    multiply_tile<1>, multiply_tile<2>, multiply_tile<3>, multiply_tile<4>, multiply_tile<5>, multiply_tile<6>,
};

/// One packed row panel of A against all panels of packed B.
void multiply_panel(Tile tile, std::size_t rows, std::size_t columns) {
    const std::size_t panel_elements = tile.steps * 2 * panel_columns;
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        tile.columns = least(columns - j, panel_columns);
        tile_functions[rows - 1](tile);
        tile.b += panel_elements;
        tile.c += panel_columns;
    }
}

} // namespace

std::size_t gemm_s8_avx2_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    return 2 * (round_up(least(n, n_block), panel_columns) * round_up(least(k, k_block), 2) + rows_max * row_elements);
}

void gemm_s8_avx2(const GemmS8Arguments& g) noexcept {
    auto* const packed_a = reinterpret_cast<std::int16_t*>(g.workspace);
    std::int16_t* const packed_b = packed_a + rows_max * row_elements;
    const std::size_t panels = (g.m + rows_max - 1) / rows_max;
    for (std::size_t j = 0; j < g.n; j += n_block) {
        const std::size_t columns = least(g.n - j, n_block);
        for (std::size_t l = 0; l == 0 || l < g.k; l += k_block) {
            const std::size_t depth = least(g.k - l, k_block);
            pack_b(g.b + j * g.ldb + l, g.ldb, columns, depth, packed_b);
            std::size_t i = 0;
            for (std::size_t panel = 0; panel < panels; ++panel) { // of nearly equal height
                const std::size_t rows = (g.m - i + panels - panel - 1) / (panels - panel);
                pack_a(g.a + i * g.lda + l, g.lda, rows, depth, packed_a);
                multiply_panel({packed_a, packed_b, (depth + 1) / 2, g.c + i * g.ldc + j, g.ldc, 0, l != 0}, rows,
                               columns);
                i += rows;
            }
        }
    }
}

} // namespace kaisar::kernels
