// tdpbf16ps adds the product of a 16 x 32 and a 32 x 16 tile of bfloat16 to 16 x 16 sums. Four sums are kept at a time:
// 2 x 2 tiles, so that each tile that is loaded is used twice.
//
// B is packed into panels of 16 columns: for each two l, 16 columns x 2 numbers; 16 pairs are a tile. A is read where
// it lies, unless its rows, their distance or the end of k make that slow or forbidden: then 32 rows are copied, tile
// by tile.
#include "kernels/gemm_bf16/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t tile_rows = 16, tile_bytes = 64;
constexpr std::size_t tile_depth = 32, tile_size = tile_rows * tile_depth; // in numbers
constexpr std::size_t panel = 2 * tile_rows; // rows of A and columns of B in one set of sums
constexpr std::size_t k_block = 256;         // a panel of A (32 x 512 bytes) stays in half of the first-level cache
constexpr std::size_t n_block = 1024;        // packed B (1024 x 512 bytes) stays in the second-level cache

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// Thirty-two rows at this distance share so few sets of a 4 KiB-per-way cache that they would evict each other.
bool is_harmful_stride(std::size_t stride) {
    const std::size_t beyond = stride * sizeof(std::uint16_t) % 1024;
    return beyond < 64 || beyond > 1024 - 64;
}

__mmask32 first_numbers(std::size_t count) { return count >= 32 ? ~__mmask32{0} : (__mmask32{1} << count) - 1; }

/// Sixteen columns of B, of which `columns` exist, as tiles one after the other; zeros beyond `depth`.
void pack_panel(const std::uint16_t* b, std::size_t ldb, std::size_t columns, std::size_t depth, std::uint16_t* out) {
    const __m512i in_pairs = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22,
                                              6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const auto present = static_cast<__mmask16>(first_numbers(least(columns, tile_rows)));
    const auto row = [&](std::size_t l) {
        return l < depth ? _mm256_maskz_loadu_epi16(present, b + l * ldb) : _mm256_setzero_si256();
    };
    for (std::size_t l = 0; l < round_up(depth, tile_depth); l += 2, out += 2 * tile_rows) {
        const __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(row(l)), row(l + 1), 1);
        _mm512_store_si512(out, _mm512_permutexvar_epi16(in_pairs, both));
    }
}

/// Up to 32 rows of A as tiles: for each 32 of l the upper tile, then the lower one; zeros beyond `rows` and `depth`.
void copy_rows(const std::uint16_t* a, std::size_t lda, std::size_t rows, std::size_t depth, std::uint16_t* out) {
    for (std::size_t i = 0; i < panel; ++i) {
        std::uint16_t* to = out + i * tile_depth;
        for (std::size_t l = 0; l < depth; l += tile_depth, to += 2 * tile_size)
            _mm512_store_si512(to, i < rows ? _mm512_maskz_loadu_epi16(first_numbers(depth - l), a + i * lda + l)
                                            : _mm512_setzero_si512());
    }
}

struct Operands {
    const std::uint16_t *a0, *a1; // upper and lower tile
    std::size_t a_stride, a_step; // in bytes, in numbers
    const std::uint16_t *b0, *b1; // left and right tile, packed
    std::size_t tiles;            // of 32 l each
};

enum class Start { from_zero, from_c };

/// 32 x 32 sums; c has `stride` floats between rows.
void multiply_four(const Operands& o, float* c, std::size_t stride, Start start) {
    float* const lower = c + tile_rows * stride;
    const std::size_t stride_bytes = stride * sizeof(float);
    if (start == Start::from_c) {
        _tile_loadd(0, c, stride_bytes);
        _tile_loadd(1, c + 16, stride_bytes);
        _tile_loadd(2, lower, stride_bytes);
        _tile_loadd(3, lower + 16, stride_bytes);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    const std::uint16_t *a0 = o.a0, *a1 = o.a1, *b0 = o.b0, *b1 = o.b1;
    for (std::size_t t = o.tiles; t != 0; --t, a0 += o.a_step, a1 += o.a_step, b0 += tile_size, b1 += tile_size) {
        _tile_loadd(6, b0, tile_bytes);
        _tile_loadd(4, a0, o.a_stride);
        _tile_loadd(5, a1, o.a_stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(2, 5, 6);
        _tile_loadd(7, b1, tile_bytes);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, stride_bytes);
    _tile_stored(1, c + 16, stride_bytes);
    _tile_stored(2, lower, stride_bytes);
    _tile_stored(3, lower + 16, stride_bytes);
}

/// The part of 32 x 32 sums that exists, by way of a scratch square.
void add_edge(const float* sums, float* c, std::size_t ldc, std::size_t rows, std::size_t columns, Start start) {
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; j += 16) {
            const auto present = static_cast<__mmask16>(first_numbers(least(columns - j, 16)));
            __m512 value = _mm512_load_ps(sums + i * panel + j);
            if (start == Start::from_c) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(present, c + i * ldc + j));
            _mm512_mask_storeu_ps(c + i * ldc + j, present, value);
        }
    }
}

struct TileConfiguration {
    std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
    std::uint16_t row_bytes[16] = {tile_bytes, tile_bytes, tile_bytes, tile_bytes,
                                   tile_bytes, tile_bytes, tile_bytes, tile_bytes};
    std::uint8_t rows[16] = {tile_rows, tile_rows, tile_rows, tile_rows, tile_rows, tile_rows, tile_rows, tile_rows};
};
static_assert(sizeof(TileConfiguration) == 64);

struct Workspace {
    std::uint16_t* copied; // one panel of A
    float* square;         // 32 x 32 sums at the edges
    std::uint16_t* packed; // a block of B
};

/// All rows of C, the columns [j, j + columns), with l in [l, l + depth): B is packed already.
void multiply_block(const GemmBf16Arguments& g, const Workspace& w, std::size_t j, std::size_t columns, std::size_t l,
                    std::size_t depth) {
    const std::size_t tiles = (depth + tile_depth - 1) / tile_depth;
    const Start start = l == 0 ? Start::from_zero : Start::from_c;
    const bool copies_all = depth % tile_depth != 0 || is_harmful_stride(g.lda);
    for (std::size_t i = 0; i < g.m; i += panel) {
        const std::size_t rows = least(g.m - i, panel);
        const std::uint16_t* const a = g.a + i * g.lda + l;
        const bool copies = copies_all || rows < panel;
        if (copies) copy_rows(a, g.lda, rows, depth, w.copied);
        Operands o{copies ? w.copied : a,
                   copies ? w.copied + tile_size : a + tile_rows * g.lda,
                   copies ? tile_bytes : g.lda * sizeof(std::uint16_t),
                   copies ? 2 * tile_size : tile_depth,
                   w.packed,
                   w.packed + tiles * tile_size,
                   tiles};
        for (std::size_t jj = 0; jj < columns; jj += panel) {
            float* const c = g.c + i * g.ldc + j + jj;
            if (rows == panel && columns - jj >= panel) {
                multiply_four(o, c, g.ldc, start);
            } else {
                multiply_four(o, w.square, panel, Start::from_zero);
                add_edge(w.square, c, g.ldc, rows, least(columns - jj, panel), start);
            }
            o.b0 += 2 * tiles * tile_size;
            o.b1 += 2 * tiles * tile_size;
        }
    }
}

} // namespace

std::size_t gemm_bf16_amx_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    const std::size_t depth = round_up(least(k, k_block), tile_depth), columns = round_up(least(n, n_block), panel);
    return panel * panel * sizeof(float) + (panel * k_block + columns * depth) * sizeof(std::uint16_t);
}

void gemm_bf16_amx(const GemmBf16Arguments& g) noexcept {
    alignas(64) const TileConfiguration configuration;
    _tile_loadconfig(&configuration);
    Workspace w{};
    w.square = reinterpret_cast<float*>(g.workspace);
    w.copied = reinterpret_cast<std::uint16_t*>(w.square + panel * panel);
    w.packed = w.copied + panel * k_block;
    for (std::size_t j = 0; j < g.n; j += n_block) {
        const std::size_t columns = least(g.n - j, n_block);
        for (std::size_t l = 0; l == 0 || l < g.k; l += k_block) {
            const std::size_t depth = least(g.k - l, k_block);
            const std::size_t panel_numbers = round_up(depth, tile_depth) * tile_rows;
            for (std::size_t jj = 0; jj < round_up(columns, panel); jj += tile_rows)
                pack_panel(g.b + l * g.ldb + least(j + jj, g.n - 1), g.ldb,
                           jj < columns ? least(columns - jj, tile_rows) : 0, depth,
                           w.packed + jj / tile_rows * panel_numbers);
            multiply_block(g, w, j, columns, l, depth);
        }
    }
    _tile_release();
}

} // namespace kaisar::kernels
