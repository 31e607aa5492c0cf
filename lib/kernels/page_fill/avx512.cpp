// A block is four rows of four words. One page leaves the processor waiting for each step of its chain, so four pages
// run in step: row i of four pages lies in one register, a page in each 128-bit lane.
#include "kernels/page_fill/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t lanes = 4;

struct Rows {
    __m512i r[4];
};

__attribute__((always_inline)) inline void column_round(Rows& x) {
    x.r[0] = _mm512_add_epi32(x.r[0], x.r[1]);
    x.r[3] = _mm512_rol_epi32(_mm512_xor_si512(x.r[3], x.r[0]), 16);
    x.r[2] = _mm512_add_epi32(x.r[2], x.r[3]);
    x.r[1] = _mm512_rol_epi32(_mm512_xor_si512(x.r[1], x.r[2]), 12);
    x.r[0] = _mm512_add_epi32(x.r[0], x.r[1]);
    x.r[3] = _mm512_rol_epi32(_mm512_xor_si512(x.r[3], x.r[0]), 8);
    x.r[2] = _mm512_add_epi32(x.r[2], x.r[3]);
    x.r[1] = _mm512_rol_epi32(_mm512_xor_si512(x.r[1], x.r[2]), 7);
}

__attribute__((always_inline)) inline void permute_and_add(Rows& x) {
    Rows y = x;
    for (int i = 0; i < 4; ++i) {
        column_round(y);
        y.r[1] = _mm512_shuffle_epi32(y.r[1], _MM_PERM_ADCB);
        y.r[2] = _mm512_shuffle_epi32(y.r[2], _MM_PERM_BADC);
        y.r[3] = _mm512_shuffle_epi32(y.r[3], _MM_PERM_CBAD);
        column_round(y);
        y.r[1] = _mm512_shuffle_epi32(y.r[1], _MM_PERM_CBAD);
        y.r[2] = _mm512_shuffle_epi32(y.r[2], _MM_PERM_BADC);
        y.r[3] = _mm512_shuffle_epi32(y.r[3], _MM_PERM_ADCB);
    }
    for (int i = 0; i < 4; ++i) x.r[i] = _mm512_add_epi32(x.r[i], y.r[i]);
}

// Four blocks, one a lane, as rows: a transposition of 128-bit lanes, which is its own inverse.
Rows transposed(const Rows& x) {
    const __m512i low_even = _mm512_shuffle_i32x4(x.r[0], x.r[1], 0x88),
                  low_odd = _mm512_shuffle_i32x4(x.r[0], x.r[1], 0xdd);
    const __m512i high_even = _mm512_shuffle_i32x4(x.r[2], x.r[3], 0x88),
                  high_odd = _mm512_shuffle_i32x4(x.r[2], x.r[3], 0xdd);
    return {{_mm512_shuffle_i32x4(low_even, high_even, 0x88), _mm512_shuffle_i32x4(low_odd, high_odd, 0x88),
             _mm512_shuffle_i32x4(low_even, high_even, 0xdd), _mm512_shuffle_i32x4(low_odd, high_odd, 0xdd)}};
}

// Words 0, 5, 10 and 15 of the lane's block: the diagonal of its rows, as offsets of blocks among the first `span`.
void choose(const Rows& t, std::size_t span, std::uint32_t (*offsets)[4]) {
    const __m512i diagonal = _mm512_mask_blend_epi32(
        0x8888, _mm512_mask_blend_epi32(0x4444, _mm512_mask_blend_epi32(0x2222, t.r[0], t.r[1]), t.r[2]), t.r[3]);
    const __m512i factor = _mm512_set1_epi64(static_cast<long long>(span));
    const __m512i even = _mm512_srli_epi64(_mm512_mul_epu32(diagonal, factor), 32);
    const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(diagonal, 32), factor);
    _mm512_storeu_si512(offsets, _mm512_mask_blend_epi32(0xaaaa, even, odd));
}

struct Pages {
    std::uint8_t* page[lanes];

    __m512i block(std::size_t lane, std::size_t j) const { return _mm512_loadu_si512(page[lane] + 64 * j); }
    void store(const Rows& t, std::size_t j) const {
        const Rows blocks = transposed(t);
        for (std::size_t lane = 0; lane < lanes; ++lane) _mm512_storeu_si512(page[lane] + 64 * j, blocks.r[lane]);
    }
    // t with four chosen blocks, and what `more` holds, mixed in.
    void mix(Rows& t, const std::uint32_t (*offsets)[4], Rows more) const {
        for (std::size_t lane = 0; lane < lanes; ++lane)
            for (std::size_t e = 0; e < 4; ++e)
                more.r[lane] = _mm512_xor_si512(more.r[lane], block(lane, offsets[lane][e]));
        const Rows rows = transposed(more);
        for (int i = 0; i < 4; ++i) t.r[i] = _mm512_xor_si512(t.r[i], rows.r[i]);
        permute_and_add(t);
    }
};

void fill_four(const std::uint8_t* const* starts, std::size_t blocks, std::size_t passes, const Pages& pages) {
    std::uint32_t offsets[lanes][4];
    Rows t;
    for (std::size_t lane = 0; lane < lanes; ++lane) t.r[lane] = _mm512_loadu_si512(starts[lane]);
    t = transposed(t);
    pages.store(t, 0);
    const __m512i zero = _mm512_setzero_si512();
    for (std::size_t j = 1; j < blocks; ++j) {
        choose(t, j, offsets);
        pages.mix(t, offsets, {{zero, zero, zero, zero}});
        pages.store(t, j);
    }
    for (std::size_t pass = 1; pass < passes; ++pass) {
        for (std::size_t j = 0; j < blocks; ++j) {
            choose(t, blocks, offsets);
            pages.mix(t, offsets, {{pages.block(0, j), pages.block(1, j), pages.block(2, j), pages.block(3, j)}});
            pages.store(t, j);
        }
    }
}

} // namespace

void page_fill_avx512(const PageFillArguments& arguments) noexcept {
    const std::size_t page_bytes = 64 * arguments.blocks;
    for (std::size_t first = 0; first < arguments.count; first += lanes) {
        const std::uint8_t* starts[lanes]; // lanes without a page repeat the last one: the same bytes to the same place
        Pages pages;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const std::size_t p = first + lane < arguments.count ? first + lane : arguments.count - 1;
            starts[lane] = arguments.starts + 64 * p;
            pages.page[lane] = arguments.pages + page_bytes * p;
        }
        fill_four(starts, arguments.blocks, arguments.passes, pages);
    }
}

} // namespace kaisar::kernels
