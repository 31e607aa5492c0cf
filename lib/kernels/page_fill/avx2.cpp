// A block is four rows of four words. Row i of two pages lies in one register, a page in each 128-bit lane; two such
// pairs run in step, because one leaves the processor waiting for each step of its chain.
#include "kernels/page_fill/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t pairs = 2, lanes = 2 * pairs;

struct Rows {
    __m256i r[4];
};

__m256i load(const std::uint8_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }

template <int Bits>
__attribute__((always_inline)) inline __m256i rotate_left(__m256i x) {
    if constexpr (Bits == 16)
        return _mm256_shuffle_epi8(
            x, _mm256_set_epi64x(0x0d0c0f0e09080b0a, 0x0504070601000302, 0x0d0c0f0e09080b0a, 0x0504070601000302));
    else if constexpr (Bits == 8)
        return _mm256_shuffle_epi8(
            x, _mm256_set_epi64x(0x0e0d0c0f0a09080b, 0x0605040702010003, 0x0e0d0c0f0a09080b, 0x0605040702010003));
    else
        return _mm256_or_si256(_mm256_slli_epi32(x, Bits), _mm256_srli_epi32(x, 32 - Bits));
}

template <int Left, int Right>
__attribute__((always_inline)) inline void half_round(Rows (&x)[pairs]) {
#pragma GCC unroll 2
    for (auto& y : x) {
        y.r[0] = _mm256_add_epi32(y.r[0], y.r[1]);
        y.r[3] = rotate_left<Left>(_mm256_xor_si256(y.r[3], y.r[0]));
    }
#pragma GCC unroll 2
    for (auto& y : x) {
        y.r[2] = _mm256_add_epi32(y.r[2], y.r[3]);
        y.r[1] = rotate_left<Right>(_mm256_xor_si256(y.r[1], y.r[2]));
    }
}

__attribute__((always_inline)) inline void permute_and_add(Rows (&x)[pairs]) {
    Rows y[pairs] = {x[0], x[1]};
    for (int i = 0; i < 4; ++i) {
        half_round<16, 12>(y);
        half_round<8, 7>(y);
#pragma GCC unroll 2
        for (auto& z : y) {
            z.r[1] = _mm256_shuffle_epi32(z.r[1], 0x39);
            z.r[2] = _mm256_shuffle_epi32(z.r[2], 0x4e);
            z.r[3] = _mm256_shuffle_epi32(z.r[3], 0x93);
        }
        half_round<16, 12>(y);
        half_round<8, 7>(y);
#pragma GCC unroll 2
        for (auto& z : y) {
            z.r[1] = _mm256_shuffle_epi32(z.r[1], 0x93);
            z.r[2] = _mm256_shuffle_epi32(z.r[2], 0x4e);
            z.r[3] = _mm256_shuffle_epi32(z.r[3], 0x39);
        }
    }
#pragma GCC unroll 2
    for (std::size_t p = 0; p < pairs; ++p)
        for (int i = 0; i < 4; ++i) x[p].r[i] = _mm256_add_epi32(x[p].r[i], y[p].r[i]);
}

/// A block's first two rows, and its last two.
struct Halves {
    __m256i low, high;
};

/// One block of each page of a pair as rows.
Rows to_rows(const Halves& a, const Halves& b) {
    return {{_mm256_permute2x128_si256(a.low, b.low, 0x20), _mm256_permute2x128_si256(a.low, b.low, 0x31),
             _mm256_permute2x128_si256(a.high, b.high, 0x20), _mm256_permute2x128_si256(a.high, b.high, 0x31)}};
}

/// Words 0, 5, 10 and 15 of the lane's block: the diagonal of its rows, as offsets of blocks among the first `span`.
void choose(const Rows& t, std::size_t span, std::uint32_t* offsets) {
    const __m256i diagonal =
        _mm256_blend_epi32(_mm256_blend_epi32(_mm256_blend_epi32(t.r[0], t.r[1], 0x22), t.r[2], 0x44), t.r[3], 0x88);
    const __m256i factor = _mm256_set1_epi64x(static_cast<long long>(span));
    const __m256i even = _mm256_srli_epi64(_mm256_mul_epu32(diagonal, factor), 32);
    const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(diagonal, 32), factor);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(offsets), _mm256_blend_epi32(even, odd, 0xaa));
}

struct Pages {
    std::uint8_t* page[lanes];

    Halves block(std::size_t lane, std::size_t j) const {
        return {load(page[lane] + 64 * j), load(page[lane] + 64 * j + 32)};
    }
    void store(const Rows (&t)[pairs], std::size_t j) const {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const auto& r = t[lane / 2].r;
            auto* const to = reinterpret_cast<__m256i*>(page[lane] + 64 * j);
            if (lane % 2 == 0) {
                _mm256_storeu_si256(to, _mm256_permute2x128_si256(r[0], r[1], 0x20));
                _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(r[2], r[3], 0x20));
            } else {
                _mm256_storeu_si256(to, _mm256_permute2x128_si256(r[0], r[1], 0x31));
                _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(r[2], r[3], 0x31));
            }
        }
    }
    /// t with four blocks that it chooses among the first `span`, and what `more` holds, mixed in.
    void mix(Rows (&t)[pairs], std::size_t span, Halves (&more)[lanes]) const {
        std::uint32_t offsets[lanes][4];
        for (std::size_t p = 0; p < pairs; ++p) choose(t[p], span, offsets[2 * p]);
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            for (const auto offset : offsets[lane]) {
                const Halves chosen = block(lane, offset);
                more[lane] = {_mm256_xor_si256(more[lane].low, chosen.low),
                              _mm256_xor_si256(more[lane].high, chosen.high)};
            }
        }
        for (std::size_t p = 0; p < pairs; ++p) {
            const Rows rows = to_rows(more[2 * p], more[2 * p + 1]);
            for (int i = 0; i < 4; ++i) t[p].r[i] = _mm256_xor_si256(t[p].r[i], rows.r[i]);
        }
        permute_and_add(t);
    }
};

void fill_four(const std::uint8_t* const* starts, std::size_t blocks, std::size_t passes, const Pages& pages) {
    Rows t[pairs];
    for (std::size_t p = 0; p < pairs; ++p)
        t[p] = to_rows({load(starts[2 * p]), load(starts[2 * p] + 32)},
                       {load(starts[2 * p + 1]), load(starts[2 * p + 1] + 32)});
    pages.store(t, 0);
    const __m256i zero = _mm256_setzero_si256();
    for (std::size_t j = 1; j < blocks; ++j) {
        Halves nothing[lanes] = {{zero, zero}, {zero, zero}, {zero, zero}, {zero, zero}};
        pages.mix(t, j, nothing);
        pages.store(t, j);
    }
    for (std::size_t pass = 1; pass < passes; ++pass) {
        for (std::size_t j = 0; j < blocks; ++j) {
            Halves before[lanes] = {pages.block(0, j), pages.block(1, j), pages.block(2, j), pages.block(3, j)};
            pages.mix(t, blocks, before);
            pages.store(t, j);
        }
    }
}

} // namespace

void page_fill_avx2(const PageFillArguments& arguments) noexcept {
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
