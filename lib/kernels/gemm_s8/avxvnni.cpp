// vpdpbusd on 256-bit registers, for processors that have it without AVX-512. It multiplies unsigned by signed bytes: A
// is copied with 128 added to every element (xor 0x80) and is the unsigned side, so every sum comes out too large by
// 128 * (sum of that column of B): the sums start at minus that.
//
// B is packed a block at a time, in panels of 16 columns: for each group of four l, 16 columns x 4 bytes. Then up to 6
// rows of A are copied, 64 bytes of each row, then the next 64: they stay in the first-level cache while all the panels
// of B pass by from the second.
#include "kernels/gemm_s8/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t rows_max = 6; // 6 x 2 sums, 2 vectors of B, 1 of A: 15 of 16 registers
constexpr std::size_t vector_columns = 8;
constexpr std::size_t panel_columns = 2 * vector_columns;
constexpr std::size_t line = 64;      // bytes of k that are copied at a time
constexpr std::size_t k_block = 1024; // six copied rows of A (6 KiB) stay in the first-level cache
constexpr std::size_t n_block = 512;  // packed B (512 KiB) stays in the second-level cache

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }
constexpr std::size_t parts(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit; }

/// Thirty-two elements of a row, zeros beyond `count`.
__m256i load_some(const std::int8_t* from, std::size_t count) {
    if (count >= 32) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    alignas(32) std::int8_t some[32] = {};
    for (std::size_t i = 0; i < count; ++i) some[i] = from[i];
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(some));
}

/// Eight columns of B, `depth` long (zeros beyond), of which `columns` exist: for each group of four l, 8 x 4 bytes at
/// out + 64 * (l / 4). Returns -128 times their sums.
__m256i pack_eight_columns(const std::int8_t* b, std::size_t ldb, std::size_t columns, std::size_t depth,
                           std::int8_t* out) {
    const __m256i ones = _mm256_set1_epi8(1);
    __m256i sums = _mm256_setzero_si256();
    for (std::size_t l = 0; l < depth; l += 32) {
        __m256i x[8], pairs[8], quads[8], packed[8];
        for (std::size_t j = 0; j < 8; ++j)
            x[j] = j < columns ? load_some(b + j * ldb + l, depth - l) : _mm256_setzero_si256();
        for (int i = 0; i < 4; ++i) {
            pairs[2 * i] = _mm256_unpacklo_epi32(x[2 * i], x[2 * i + 1]);
            pairs[2 * i + 1] = _mm256_unpackhi_epi32(x[2 * i], x[2 * i + 1]);
        }
        for (int half = 0; half < 2; ++half) { // quads[4 half + q], lane p: dword 4p + q of four columns
            for (int i = 0; i < 2; ++i) {
                quads[4 * half + 2 * i] = _mm256_unpacklo_epi64(pairs[4 * half + i], pairs[4 * half + 2 + i]);
                quads[4 * half + 2 * i + 1] = _mm256_unpackhi_epi64(pairs[4 * half + i], pairs[4 * half + 2 + i]);
            }
        }
        for (int q = 0; q < 4; ++q) {
            packed[q] = _mm256_permute2x128_si256(quads[q], quads[4 + q], 0x20);
            packed[4 + q] = _mm256_permute2x128_si256(quads[q], quads[4 + q], 0x31);
        }
        const std::size_t groups = parts(depth - l, 4);
        for (std::size_t q = 0; q < 8; ++q) {
            sums = _mm256_dpbusd_avx_epi32(sums, ones, packed[q]);
            if (q < groups) _mm256_store_si256(reinterpret_cast<__m256i*>(out + 16 * l + 64 * q), packed[q]);
        }
    }
    return _mm256_slli_epi32(_mm256_sub_epi32(_mm256_setzero_si256(), sums), 7);
}

/// Copies a panel of A, 128 added: the first line of every row, then the next; what is beyond `depth` does not matter.
void copy_panel(const std::int8_t* a, std::size_t lda, std::size_t rows, std::size_t depth, std::uint8_t* out) {
    const __m256i flip = _mm256_set1_epi8(static_cast<char>(0x80));
    for (std::size_t i = 0; i < rows; ++i) {
        std::uint8_t* to = out + i * line;
        for (std::size_t l = 0; l < depth; l += line, to += rows * line)
            for (std::size_t half = 0; half < line && l + half < depth; half += 32)
                _mm256_store_si256(reinterpret_cast<__m256i*>(to + half),
                                   _mm256_xor_si256(flip, load_some(a + i * lda + l + half, depth - l - half)));
    }
}

/// Up to 6 copied rows of A times one packed panel of B.
struct Tile {
    const std::uint8_t* a;
    const std::int8_t* b;
    std::size_t groups; // of four l
    const std::int32_t* corrections;
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
    const auto* const corrections = reinterpret_cast<const __m256i*>(t.corrections);
#pragma GCC unroll 6
    for (std::size_t i = 0; i < Rows; ++i) {
        sum[i][0] = _mm256_load_si256(corrections);
        sum[i][1] = _mm256_load_si256(corrections + 1);
    }
    const std::int8_t* b = t.b;
    const auto multiply_group = [&](const std::uint8_t* a) {
        const __m256i b0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(b));
        const __m256i b1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(b + 32));
        b += 64;
#pragma GCC unroll 6
        for (std::size_t i = 0; i < Rows; ++i) {
            int four;
            __builtin_memcpy(&four, a + i * line, 4);
            const __m256i a4 = _mm256_set1_epi32(four);
            sum[i][0] = _mm256_dpbusd_avx_epi32(sum[i][0], a4, b0);
            sum[i][1] = _mm256_dpbusd_avx_epi32(sum[i][1], a4, b1);
        }
    };
    const std::uint8_t* a = t.a;
    std::size_t groups = t.groups;
    for (; groups >= line / 4; groups -= line / 4, a += Rows * line) {
#pragma GCC unroll 4
        for (std::size_t group = 0; group < line; group += 4) multiply_group(a + group);
    }
    for (; groups != 0; --groups, a += 4) multiply_group(a);
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

/// One copied row panel of A against all panels of packed B.
void multiply_panel(Tile tile, std::size_t rows, std::size_t columns) {
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        tile.columns = least(columns - j, panel_columns);
        tile_functions[rows - 1](tile);
        tile.b += 4 * panel_columns * tile.groups;
        tile.corrections += panel_columns;
        tile.c += panel_columns;
    }
}

void pack_b(const std::int8_t* b, std::size_t ldb, std::size_t columns, std::size_t depth, std::int8_t* packed,
            std::int32_t* corrections) {
    const std::size_t panel_bytes = parts(depth, 4) * 4 * panel_columns;
    for (std::size_t j = 0; j < round_up(columns, panel_columns); j += vector_columns) {
        const std::size_t present = j < columns ? columns - j : 0;
        std::int8_t* const out = packed + j / panel_columns * panel_bytes + j % panel_columns * 4;
        _mm256_store_si256(reinterpret_cast<__m256i*>(corrections + j),
                           pack_eight_columns(b + least(j, columns) * ldb, ldb, present, depth, out));
    }
}

} // namespace

std::size_t gemm_s8_avxvnni_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    const std::size_t depth = round_up(least(k, k_block), line), columns = round_up(least(n, n_block), panel_columns);
    return columns * (sizeof(std::int32_t) + depth) + rows_max * depth;
}

void gemm_s8_avxvnni(const GemmS8Arguments& g) noexcept {
    if (g.m == 0 || g.n == 0) return;
    const std::size_t slices = g.k == 0 ? 1 : parts(g.k, k_block), slice = round_up(parts(g.k, slices), line);
    const std::size_t blocks = parts(g.n, n_block), panels = parts(g.m, rows_max);
    const std::size_t width = round_up(parts(g.n, blocks), panel_columns);
    auto* const corrections = reinterpret_cast<std::int32_t*>(g.workspace);
    std::uint8_t* const copied = g.workspace + sizeof(std::int32_t) * width;
    auto* const packed = reinterpret_cast<std::int8_t*>(copied + rows_max * slice);
    for (std::size_t j = 0; j < g.n; j += width) {
        const std::size_t columns = least(g.n - j, width);
        for (std::size_t slice_number = 0; slice_number < slices; ++slice_number) {
            const std::size_t l = slice_number * slice;
            const std::size_t depth = least(g.k - l, slice);
            pack_b(g.b + j * g.ldb + l, g.ldb, columns, depth, packed, corrections);
            std::size_t i = 0;
            for (std::size_t panel = 0; panel < panels; ++panel) { // of nearly equal height
                const std::size_t rows = parts(g.m - i, panels - panel);
                copy_panel(g.a + i * g.lda + l, g.lda, rows, depth, copied);
                multiply_panel({copied, packed, parts(depth, 4), corrections, g.c + i * g.ldc + j, g.ldc, 0, l != 0},
                               rows, columns);
                i += rows;
            }
        }
    }
}

} // namespace kaisar::kernels
