// vpdpbusd multiplies unsigned by signed bytes. B is packed with 128 added to every element (xor 0x80) and is the
// unsigned side, so every sum comes out too large by 128 * (sum of that row of A): the accumulators start at minus
// that.
//
// B is packed into panels of 32 columns: for each group of four l, 32 columns x 4 bytes. A is read where it lies, four
// bytes broadcast at a time, unless the distance of its rows would put them all into the same few cache sets.
#include "kernels/gemm_s8/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t rows_max = 14; // 14 x 2 accumulators, 2 vectors of B, 1 of A: 31 of 32 registers
constexpr std::size_t panel_columns = 32;
constexpr std::size_t k_block = 2048;             // a panel of A (14 x 2048 bytes) stays in the first-level cache
constexpr std::size_t n_block = 256;              // packed B (256 x 2048 bytes) stays in the second-level cache
constexpr std::size_t copy_stride = k_block + 64; // rows of a copied panel of A start in different cache sets

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// Rows at this distance share few sets of a 4 KiB-per-way cache: fourteen of them would evict each other.
bool is_harmful_stride(std::size_t stride) {
    const std::size_t beyond = stride % 4096;
    return beyond < 64 || beyond > 4096 - 64 || stride % 1024 == 0;
}

__mmask64 first_bytes(std::size_t count) { return count >= 64 ? ~__mmask64{0} : (__mmask64{1} << count) - 1; }

/// Sixteen columns of B, `depth` long (zeros beyond), of which `columns` exist: for each group of four l, 16 x 4 bytes
/// at out + 128 * (l / 4).
void pack_sixteen_columns(const std::int8_t* b, std::size_t ldb, std::size_t columns, std::size_t depth,
                          std::uint8_t* out) {
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
    for (std::size_t l = 0; l < depth; l += 64) {
        const __mmask64 present = first_bytes(depth - l);
        __m512i x[16], pairs[16], quads[16];
        for (std::size_t j = 0; j < 16; ++j)
            x[j] = j < columns ? _mm512_maskz_loadu_epi8(present, b + j * ldb + l) : _mm512_setzero_si512();
        for (int i = 0; i < 8; ++i) {
            pairs[2 * i] = _mm512_unpacklo_epi32(x[2 * i], x[2 * i + 1]);
            pairs[2 * i + 1] = _mm512_unpackhi_epi32(x[2 * i], x[2 * i + 1]);
        }
        for (int i = 0; i < 4; ++i) { // quads[4i + j], lane q: dword 4q + j of columns 4i … 4i+3
            quads[4 * i] = _mm512_unpacklo_epi64(pairs[4 * i], pairs[4 * i + 2]);
            quads[4 * i + 1] = _mm512_unpackhi_epi64(pairs[4 * i], pairs[4 * i + 2]);
            quads[4 * i + 2] = _mm512_unpacklo_epi64(pairs[4 * i + 1], pairs[4 * i + 3]);
            quads[4 * i + 3] = _mm512_unpackhi_epi64(pairs[4 * i + 1], pairs[4 * i + 3]);
        }
        const std::size_t groups = least((depth - l + 3) / 4, 16);
        for (std::size_t j = 0; j < 4; ++j) {
            const __m512i low_even = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0x88);
            const __m512i low_odd = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0xdd);
            const __m512i high_even = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0x88);
            const __m512i high_odd = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0xdd);
            const __m512i groups_of_lane[4] = {
                _mm512_shuffle_i32x4(low_even, high_even, 0x88), _mm512_shuffle_i32x4(low_odd, high_odd, 0x88),
                _mm512_shuffle_i32x4(low_even, high_even, 0xdd), _mm512_shuffle_i32x4(low_odd, high_odd, 0xdd)};
            for (std::size_t q = 0; q < 4; ++q)
                if (4 * q + j < groups)
                    _mm512_store_si512(out + 128 * (l / 4 + 4 * q + j), _mm512_xor_si512(groups_of_lane[q], flip));
        }
    }
}

void pack_b(const std::int8_t* b, std::size_t ldb, std::size_t columns, std::size_t depth, std::uint8_t* out) {
    for (std::size_t j = 0; j < columns; j += 16) {
        std::uint8_t* panel = out + j / panel_columns * panel_columns * round_up(depth, 4);
        pack_sixteen_columns(b + j * ldb, ldb, least(columns - j, 16), depth, panel + (j % panel_columns) * 4);
    }
}

/// Copies rows of A to rows `copy_stride` apart, zeros up to a multiple of four.
void copy_rows(const std::int8_t* a, std::size_t lda, std::size_t rows, std::size_t depth, std::int8_t* out) {
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t l = 0; l < depth; l += 64)
            _mm512_storeu_si512(out + i * copy_stride + l,
                                _mm512_maskz_loadu_epi8(first_bytes(depth - l), a + i * lda + l));
}

/// What the accumulators of a row start with: -128 times the sum of its elements.
std::int32_t correction(const std::int8_t* a, std::size_t depth) {
    const __m512i ones = _mm512_set1_epi8(1);
    __m512i sum[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    std::size_t l = 0;
    for (; l + 128 <= depth; l += 128) {
        sum[0] = _mm512_dpbusd_epi32(sum[0], ones, _mm512_loadu_si512(a + l));
        sum[1] = _mm512_dpbusd_epi32(sum[1], ones, _mm512_loadu_si512(a + l + 64));
    }
    for (; l < depth; l += 64)
        sum[0] = _mm512_dpbusd_epi32(sum[0], ones, _mm512_maskz_loadu_epi8(first_bytes(depth - l), a + l));
    return -128 * _mm512_reduce_add_epi32(_mm512_add_epi32(sum[0], sum[1]));
}

struct Tile {
    const std::int8_t* a;
    std::size_t stride; // of a, in bytes
    const std::uint8_t* b;
    std::size_t steps; // groups of four l
    const std::int32_t* corrections;
    std::int32_t* c;
    std::size_t ldc;
    __mmask16 columns[2];
    bool adds; // to what is in c
};

template <std::size_t Rows>
void multiply_tile(const Tile& t) {
    __m512i sum[Rows][2];
#pragma GCC unroll 14
    for (std::size_t i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = _mm512_set1_epi32(t.corrections[i]);
    const std::int8_t* a = t.a;
    const std::uint8_t* b = t.b;
    for (std::size_t step = t.steps; step != 0; --step, a += 4, b += 128) {
        const __m512i b0 = _mm512_load_si512(b), b1 = _mm512_load_si512(b + 64);
#pragma GCC unroll 14
        for (std::size_t i = 0; i < Rows; ++i) {
            int four;
            __builtin_memcpy(&four, a + i * t.stride, 4);
            const __m512i a4 = _mm512_set1_epi32(four);
            sum[i][0] = _mm512_dpbusd_epi32(sum[i][0], b0, a4);
            sum[i][1] = _mm512_dpbusd_epi32(sum[i][1], b1, a4);
        }
    }
#pragma GCC unroll 14
    for (std::size_t i = 0; i < Rows; ++i) {
        for (int v = 0; v < 2; ++v) {
            std::int32_t* c = t.c + i * t.ldc + 16 * v;
            __m512i value = sum[i][v];
            if (t.adds) value = _mm512_add_epi32(value, _mm512_maskz_loadu_epi32(t.columns[v], c));
            _mm512_mask_storeu_epi32(c, t.columns[v], value);
        }
    }
}

using TileFunction = void (*)(const Tile&);
constexpr TileFunction tile_functions[rows_max] = {
    multiply_tile<1>,  multiply_tile<2>,  multiply_tile<3>,  multiply_tile<4>,  multiply_tile<5>,
    multiply_tile<6>,  multiply_tile<7>,  multiply_tile<8>,  multiply_tile<9>,  multiply_tile<10>,
    multiply_tile<11>, multiply_tile<12>, multiply_tile<13>, multiply_tile<14>,
};

__mmask16 first_columns(std::size_t count) {
    return count >= 16 ? __mmask16{0xffff} : static_cast<__mmask16>((1u << count) - 1);
}

/// One row panel of A against all panels of packed B.
void multiply_panel(Tile tile, std::size_t rows, std::size_t columns) {
    const std::size_t panel_bytes = tile.steps * 4 * panel_columns;
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        tile.columns[0] = first_columns(columns - j);
        tile.columns[1] = first_columns(columns - j < 16 ? 0 : columns - j - 16);
        tile_functions[rows - 1](tile);
        tile.b += panel_bytes;
        tile.c += panel_columns;
    }
}

} // namespace

std::size_t gemm_s8_avx512vnni_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    return round_up(least(n, n_block), panel_columns) * round_up(least(k, k_block), 4) + rows_max * copy_stride;
}

void gemm_s8_avx512vnni(const GemmS8Arguments& g) noexcept {
    auto* const copied = reinterpret_cast<std::int8_t*>(g.workspace);
    std::uint8_t* const packed = g.workspace + rows_max * copy_stride;
    const std::size_t panels = (g.m + rows_max - 1) / rows_max;
    for (std::size_t j = 0; j < g.n; j += n_block) {
        const std::size_t columns = least(g.n - j, n_block);
        for (std::size_t l = 0; l == 0 || l < g.k; l += k_block) {
            const std::size_t depth = least(g.k - l, k_block);
            pack_b(g.b + j * g.ldb + l, g.ldb, columns, depth, packed);
            const bool copies = depth % 4 != 0 || is_harmful_stride(g.lda);
            std::size_t i = 0;
            for (std::size_t panel = 0; panel < panels; ++panel) { // of nearly equal height
                const std::size_t rows = (g.m - i + panels - panel - 1) / (panels - panel);
                const std::int8_t* a = g.a + i * g.lda + l;
                std::int32_t corrections[rows_max];
                for (std::size_t r = 0; r < rows; ++r) corrections[r] = correction(a + r * g.lda, depth);
                if (copies) copy_rows(a, g.lda, rows, depth, copied);
                multiply_panel({copies ? copied : a,
                                copies ? copy_stride : g.lda,
                                packed,
                                (depth + 3) / 4,
                                corrections,
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
