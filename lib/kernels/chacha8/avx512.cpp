// Sixteen blocks at a time: lane l of every vector belongs to block counter + l.
#include "kernels/chacha8/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t lanes = 16;

void quarter_round(__m512i& a, __m512i& b, __m512i& c, __m512i& d) {
    a = _mm512_add_epi32(a, b), d = _mm512_rol_epi32(_mm512_xor_si512(d, a), 16);
    c = _mm512_add_epi32(c, d), b = _mm512_rol_epi32(_mm512_xor_si512(b, c), 12);
    a = _mm512_add_epi32(a, b), d = _mm512_rol_epi32(_mm512_xor_si512(d, a), 8);
    c = _mm512_add_epi32(c, d), b = _mm512_rol_epi32(_mm512_xor_si512(b, c), 7);
}

/// In assembly: GCC 12 brings the lane to a register first, which takes the port that shuffles.
template <int Lane>
__attribute__((always_inline)) inline void store_lane(__m512i x, __m128i* to) {
    __asm__("vextracti32x4 %[lane], %[x], %[to]" : [to] "=m"(*to) : [x] "v"(x), [lane] "i"(Lane));
}

/// Word w of block l, which is lane l of x[w], goes to out + 64 l + 4 w.
void store_transposed(const __m512i* x, std::uint8_t* out) {
    __m512i pairs[16], quads[16];
    for (int i = 0; i < 8; ++i) {
        pairs[2 * i] = _mm512_unpacklo_epi32(x[2 * i], x[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi32(x[2 * i], x[2 * i + 1]);
    }
    for (int i = 0; i < 4; ++i) { // quads[4i + j], lane q: words 4i … 4i+3 of block 4q + j
        quads[4 * i] = _mm512_unpacklo_epi64(pairs[4 * i], pairs[4 * i + 2]);
        quads[4 * i + 1] = _mm512_unpackhi_epi64(pairs[4 * i], pairs[4 * i + 2]);
        quads[4 * i + 2] = _mm512_unpacklo_epi64(pairs[4 * i + 1], pairs[4 * i + 3]);
        quads[4 * i + 3] = _mm512_unpackhi_epi64(pairs[4 * i + 1], pairs[4 * i + 3]);
    }
    // A lane is stored without a shuffle: the port that shuffles is the one that everything here waits for.
    for (int i = 0; i < 4; ++i) {
        for (int j = 0; j < 4; ++j) {
            auto* const to = reinterpret_cast<__m128i*>(out + 64 * j + 16 * i);
            _mm_storeu_si128(to, _mm512_castsi512_si128(quads[4 * i + j]));
            store_lane<1>(quads[4 * i + j], to + 16);
            store_lane<2>(quads[4 * i + j], to + 32);
            store_lane<3>(quads[4 * i + j], to + 48);
        }
    }
}

void sixteen_blocks(const __m512i* constant_words, std::uint64_t counter, std::uint8_t* out) {
    const __m512i base = _mm512_set1_epi64(static_cast<long long>(counter));
    const __m512i first = _mm512_add_epi64(base, _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
    const __m512i second = _mm512_add_epi64(base, _mm512_set_epi64(15, 14, 13, 12, 11, 10, 9, 8));
    const __m512i low =
        _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(first)), _mm512_cvtepi64_epi32(second), 1);
    const __m512i high = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(_mm512_srli_epi64(first, 32))),
                                            _mm512_cvtepi64_epi32(_mm512_srli_epi64(second, 32)), 1);
    __m512i x[16];
    for (int i = 0; i < 16; ++i) x[i] = i == 12 ? low : i == 13 ? high : constant_words[i];
    for (int double_round = 0; double_round < 4; ++double_round) {
        for (int i = 0; i < 4; ++i) quarter_round(x[i], x[4 + i], x[8 + i], x[12 + i]);
        for (int i = 0; i < 4; ++i) quarter_round(x[i], x[4 + (i + 1) % 4], x[8 + (i + 2) % 4], x[12 + (i + 3) % 4]);
    }
    for (int i = 0; i < 16; ++i) x[i] = _mm512_add_epi32(x[i], i == 12 ? low : i == 13 ? high : constant_words[i]);
    store_transposed(x, out);
}

} // namespace

void chacha8_avx512(const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                    std::size_t count) noexcept {
    constexpr std::uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    __m512i words[16];
    for (int i = 0; i < 4; ++i) words[i] = _mm512_set1_epi32(static_cast<int>(constants[i]));
    for (int i = 0; i < 8; ++i) {
        int word;
        __builtin_memcpy(&word, key + 4 * i, 4);
        words[4 + i] = _mm512_set1_epi32(word);
    }
    words[12] = words[13] = _mm512_setzero_si512(); // the counter, different in every lane
    words[14] = _mm512_set1_epi32(static_cast<int>(nonce));
    words[15] = _mm512_set1_epi32(static_cast<int>(nonce >> 32));
    for (; count >= lanes; count -= lanes, counter += lanes, out += 64 * lanes) sixteen_blocks(words, counter, out);
    if (count != 0) {
        alignas(64) std::uint8_t blocks[64 * lanes];
        sixteen_blocks(words, counter, blocks);
        __builtin_memcpy(out, blocks, 64 * count);
    }
}

} // namespace kaisar::kernels
