// tdpbssd adds the exact product of a 16 x 64 and a 64 x 16 byte tile to 16 x 16 sums. Four sums are kept at a time: 2
// x 2 tiles, so that each tile that is loaded is used twice.
//
// B is packed into panels of 16 columns: for each group of four l, 16 columns x 4 bytes; 16 groups are a tile. A is
// read where it lies, unless its rows, their distance or the end of k make that slow or forbidden: then 32 rows are
// copied, tile by tile.
#include "kernels/gemm_s8/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t tile_rows = 16, tile_bytes = 64, tile_size = tile_rows * tile_bytes;
constexpr std::size_t panel = 2 * tile_rows; // rows of A and columns of B in one set of sums
constexpr std::size_t k_block = 512;         // a panel of A (32 x 512 bytes) stays in half of the first-level cache
constexpr std::size_t n_block = 1024;        // packed B (1024 x 512 bytes) stays in the second-level cache

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// Thirty-two rows at this distance share so few sets of a 4 KiB-per-way cache that they would evict each other.
bool is_harmful_stride(std::size_t stride) {
    const std::size_t beyond = stride % 1024;
    return beyond < 64 || beyond > 1024 - 64;
}

__mmask64 first_bytes(std::size_t count) { return count >= 64 ? ~__mmask64{0} : (__mmask64{1} << count) - 1; }

/// Sixteen columns of B, of which `columns` exist, as tiles one after the other; zeros beyond `depth`.
void pack_panel(const std::int8_t* b, std::size_t ldb, std::size_t columns, std::size_t depth, std::int8_t* out) {
    for (std::size_t l = 0; l < depth; l += tile_bytes, out += tile_size) {
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
        for (std::size_t j = 0; j < 4; ++j) {
            const __m512i low_even = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0x88);
            const __m512i low_odd = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0xdd);
            const __m512i high_even = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0x88);
            const __m512i high_odd = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0xdd);
            _mm512_store_si512(out + 64 * j, _mm512_shuffle_i32x4(low_even, high_even, 0x88));
            _mm512_store_si512(out + 64 * (4 + j), _mm512_shuffle_i32x4(low_odd, high_odd, 0x88));
            _mm512_store_si512(out + 64 * (8 + j), _mm512_shuffle_i32x4(low_even, high_even, 0xdd));
            _mm512_store_si512(out + 64 * (12 + j), _mm512_shuffle_i32x4(low_odd, high_odd, 0xdd));
        }
    }
}

/// Up to 32 rows of A as tiles: for each 64 of l the upper tile, then the lower one; zeros beyond `rows` and `depth`.
void copy_rows(const std::int8_t* a, std::size_t lda, std::size_t rows, std::size_t depth, std::int8_t* out) {
    for (std::size_t i = 0; i < panel; ++i) {
        std::int8_t* to = out + i * tile_bytes;
        for (std::size_t l = 0; l < depth; l += tile_bytes, to += 2 * tile_size)
            _mm512_store_si512(to, i < rows ? _mm512_maskz_loadu_epi8(first_bytes(depth - l), a + i * lda + l)
                                            : _mm512_setzero_si512());
    }
}

struct Operands {
    const std::int8_t *a0, *a1; // upper and lower tile
    std::size_t a_stride, a_step;
    const std::int8_t *b0, *b1; // left and right tile, packed
    std::size_t tiles;          // of 64 l each
};

enum class Start { from_zero, from_c };

/// 32 x 32 sums; c has `stride` int32s between rows.
void multiply_four(const Operands& o, std::int32_t* c, std::size_t stride, Start start) {
    std::int32_t* const lower = c + tile_rows * stride;
    const std::size_t stride_bytes = stride * sizeof(std::int32_t);
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
    const std::int8_t *a0 = o.a0, *a1 = o.a1, *b0 = o.b0, *b1 = o.b1;
    for (std::size_t t = o.tiles; t != 0; --t, a0 += o.a_step, a1 += o.a_step, b0 += tile_size, b1 += tile_size) {
        _tile_loadd(6, b0, tile_bytes);
        _tile_loadd(4, a0, o.a_stride);
        _tile_loadd(5, a1, o.a_stride);
        _tile_dpbssd(0, 4, 6);
        _tile_dpbssd(2, 5, 6);
        _tile_loadd(7, b1, tile_bytes);
        _tile_dpbssd(1, 4, 7);
        _tile_dpbssd(3, 5, 7);
    }
    _tile_stored(0, c, stride_bytes);
    _tile_stored(1, c + 16, stride_bytes);
    _tile_stored(2, lower, stride_bytes);
    _tile_stored(3, lower + 16, stride_bytes);
}

/// The part of 32 x 32 sums that exists, by way of a scratch square.
void add_edge(const std::int32_t* sums, std::int32_t* c, std::size_t ldc, std::size_t rows, std::size_t columns,
              Start start) {
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; j += 16) {
            const auto present = static_cast<__mmask16>(first_bytes(least(columns - j, 16)));
            __m512i value = _mm512_load_si512(sums + i * panel + j);
            if (start == Start::from_c)
                value = _mm512_add_epi32(value, _mm512_maskz_loadu_epi32(present, c + i * ldc + j));
            _mm512_mask_storeu_epi32(c + i * ldc + j, present, value);
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
    std::int8_t* copied;  // one panel of A
    std::int32_t* square; // 32 x 32 sums at the edges
    std::int8_t* packed;  // a block of B
};

/// All rows of C, the columns [j, j + columns), with l in [l, l + depth): B is packed already.
void multiply_block(const GemmS8Arguments& g, const Workspace& w, std::size_t j, std::size_t columns, std::size_t l,
                    std::size_t depth) {
    const std::size_t tiles = (depth + tile_bytes - 1) / tile_bytes;
    const Start start = l == 0 ? Start::from_zero : Start::from_c;
    const bool copies_all = depth % tile_bytes != 0 || is_harmful_stride(g.lda);
    for (std::size_t i = 0; i < g.m; i += panel) {
        const std::size_t rows = least(g.m - i, panel);
        const std::int8_t* const a = g.a + i * g.lda + l;
        const bool copies = copies_all || rows < panel;
        if (copies) copy_rows(a, g.lda, rows, depth, w.copied);
        Operands o{copies ? w.copied : a,
                   copies ? w.copied + tile_size : a + tile_rows * g.lda,
                   copies ? tile_bytes : g.lda,
                   copies ? 2 * tile_size : tile_bytes,
                   w.packed,
                   w.packed + tiles * tile_size,
                   tiles};
        for (std::size_t jj = 0; jj < columns; jj += panel) {
            std::int32_t* const c = g.c + i * g.ldc + j + jj;
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

std::size_t gemm_s8_amx_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    return panel * k_block + panel * panel * sizeof(std::int32_t) +
           round_up(least(n, n_block), panel) * round_up(least(k, k_block), tile_bytes);
}

void gemm_s8_amx(const GemmS8Arguments& g) noexcept {
    alignas(64) const TileConfiguration configuration;
    _tile_loadconfig(&configuration);
    Workspace w{};
    w.copied = reinterpret_cast<std::int8_t*>(g.workspace);
    w.square = reinterpret_cast<std::int32_t*>(w.copied + panel * k_block);
    w.packed = reinterpret_cast<std::int8_t*>(w.square + panel * panel);
    for (std::size_t j = 0; j < g.n; j += n_block) {
        const std::size_t columns = least(g.n - j, n_block);
        for (std::size_t l = 0; l == 0 || l < g.k; l += k_block) {
            const std::size_t depth = least(g.k - l, k_block);
            const std::size_t panel_bytes = round_up(depth, tile_bytes) * tile_rows;
            for (std::size_t jj = 0; jj < round_up(columns, panel); jj += tile_rows)
                pack_panel(g.b + least(j + jj, g.n - 1) * g.ldb + l, g.ldb,
                           jj < columns ? least(columns - jj, tile_rows) : 0, depth,
                           w.packed + jj / tile_rows * panel_bytes);
            multiply_block(g, w, j, columns, l, depth);
        }
    }
    _tile_release();
}

} // namespace kaisar::kernels
