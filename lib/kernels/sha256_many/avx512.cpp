// Sixteen messages side by side, one in each 32-bit lane: word t of sixteen blocks in one register.
#include "kernels/sha256_many/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

constexpr std::size_t lanes = 16;

std::uint32_t rotate_right(std::uint32_t x, unsigned bits) { return x >> bits | x << (32 - bits); }

__m512i xor3(__m512i a, __m512i b, __m512i c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }

__m512i swap_bytes(__m512i x) {
    const __m512i order = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
    return _mm512_shuffle_epi8(x, order);
}

// One round; wk is the message word plus the round's constant. The caller renames a … h instead of moving them.
__attribute__((always_inline)) inline void round(__m512i a, __m512i b, __m512i c, __m512i& d, __m512i e, __m512i f,
                                                 __m512i g, __m512i& h, __m512i wk) {
    const __m512i sum1 = xor3(_mm512_ror_epi32(e, 6), _mm512_ror_epi32(e, 11), _mm512_ror_epi32(e, 25));
    const __m512i choice = _mm512_ternarylogic_epi32(e, f, g, 0xca);
    const __m512i t1 = _mm512_add_epi32(_mm512_add_epi32(h, wk), _mm512_add_epi32(sum1, choice));
    const __m512i sum0 = xor3(_mm512_ror_epi32(a, 2), _mm512_ror_epi32(a, 13), _mm512_ror_epi32(a, 22));
    const __m512i majority = _mm512_ternarylogic_epi32(a, b, c, 0xe8);
    d = _mm512_add_epi32(d, t1);
    h = _mm512_add_epi32(t1, _mm512_add_epi32(sum0, majority));
}

// Eight rounds, after which every word is back in its place.
template <class WordAndConstant>
__attribute__((always_inline)) inline void eight_rounds(__m512i* s, std::size_t t, const WordAndConstant& wk) {
    round(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], wk(t));
    round(s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6], wk(t + 1));
    round(s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5], wk(t + 2));
    round(s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4], wk(t + 3));
    round(s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3], wk(t + 4));
    round(s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2], wk(t + 5));
    round(s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1], wk(t + 6));
    round(s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0], wk(t + 7));
}

// Word i of each of the sixteen blocks, byte order corrected.
void load_words(const std::uint8_t* const* blocks, __m512i* w) {
    __m512i x[16], pairs[16], quads[16];
    for (std::size_t lane = 0; lane < lanes; ++lane) x[lane] = swap_bytes(_mm512_loadu_si512(blocks[lane]));
    for (int i = 0; i < 8; ++i) {
        pairs[2 * i] = _mm512_unpacklo_epi32(x[2 * i], x[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi32(x[2 * i], x[2 * i + 1]);
    }
    for (int i = 0; i < 4; ++i) { // quads[4i + j], 128-bit lane q: word 4q + j of blocks 4i … 4i+3
        quads[4 * i] = _mm512_unpacklo_epi64(pairs[4 * i], pairs[4 * i + 2]);
        quads[4 * i + 1] = _mm512_unpackhi_epi64(pairs[4 * i], pairs[4 * i + 2]);
        quads[4 * i + 2] = _mm512_unpacklo_epi64(pairs[4 * i + 1], pairs[4 * i + 3]);
        quads[4 * i + 3] = _mm512_unpackhi_epi64(pairs[4 * i + 1], pairs[4 * i + 3]);
    }
    for (int j = 0; j < 4; ++j) {
        const __m512i low_even = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0x88);
        const __m512i low_odd = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0xdd);
        const __m512i high_even = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0x88);
        const __m512i high_odd = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0xdd);
        w[j] = _mm512_shuffle_i32x4(low_even, high_even, 0x88);
        w[4 + j] = _mm512_shuffle_i32x4(low_odd, high_odd, 0x88);
        w[8 + j] = _mm512_shuffle_i32x4(low_even, high_even, 0xdd);
        w[12 + j] = _mm512_shuffle_i32x4(low_odd, high_odd, 0xdd);
    }
}

void add_state(__m512i* state, const __m512i* s) {
    for (int i = 0; i < 8; ++i) state[i] = _mm512_add_epi32(state[i], s[i]);
}

void compress(__m512i* state, const std::uint8_t* const* blocks) {
    __m512i w[16], s[8];
    load_words(blocks, w);
    for (int i = 0; i < 8; ++i) s[i] = state[i];
    for (std::size_t group = 0; group < 64; group += 16) {
        const auto word = [&](std::size_t t) __attribute__((always_inline)) {
            const __m512i wk = _mm512_add_epi32(w[t], _mm512_set1_epi32(static_cast<int>(round_constants[group + t])));
            // The word sixteen rounds later takes this one's place; after the last group nobody reads it.
            const __m512i x = w[(t + 1) % 16], y = w[(t + 14) % 16];
            const __m512i sigma0 = xor3(_mm512_ror_epi32(x, 7), _mm512_ror_epi32(x, 18), _mm512_srli_epi32(x, 3));
            const __m512i sigma1 = xor3(_mm512_ror_epi32(y, 17), _mm512_ror_epi32(y, 19), _mm512_srli_epi32(y, 10));
            w[t] = _mm512_add_epi32(_mm512_add_epi32(w[t], sigma0), _mm512_add_epi32(w[(t + 9) % 16], sigma1));
            return wk;
        };
        const auto last_word = [&](std::size_t t) __attribute__((always_inline)) {
            return _mm512_add_epi32(w[t], _mm512_set1_epi32(static_cast<int>(round_constants[48 + t])));
        };
        if (group < 48) {
            eight_rounds(s, 0, word);
            eight_rounds(s, 8, word);
        } else {
            eight_rounds(s, 0, last_word);
            eight_rounds(s, 8, last_word);
        }
    }
    add_state(state, s);
}

// Message words plus round constants of a block that all lanes share.
void expand_shared(const std::uint8_t* block, std::uint32_t* wk) {
    for (std::size_t t = 0; t < 16; ++t)
        wk[t] = std::uint32_t{block[4 * t]} << 24 | std::uint32_t{block[4 * t + 1]} << 16 |
                std::uint32_t{block[4 * t + 2]} << 8 | block[4 * t + 3];
    for (std::size_t t = 16; t < 64; ++t) {
        const auto x = wk[t - 15], y = wk[t - 2];
        wk[t] = (rotate_right(y, 17) ^ rotate_right(y, 19) ^ y >> 10) + wk[t - 7] +
                (rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3) + wk[t - 16];
    }
    for (std::size_t t = 0; t < 64; ++t) wk[t] += round_constants[t];
}

void compress_shared(__m512i* state, const std::uint32_t* wk) {
    __m512i s[8];
    for (int i = 0; i < 8; ++i) s[i] = state[i];
    const auto word = [&](std::size_t t) __attribute__((always_inline)) {
        return _mm512_set1_epi32(static_cast<int>(wk[t]));
    };
    for (std::size_t t = 0; t < 64; t += 8) eight_rounds(s, t, word);
    add_state(state, s);
}

void store_digests(const __m512i* state, std::uint8_t* digests, std::size_t count) {
    alignas(64) std::uint32_t words[8][lanes];
    for (int i = 0; i < 8; ++i) _mm512_store_si512(words[i], swap_bytes(state[i]));
    for (std::size_t lane = 0; lane < count; ++lane)
        for (std::size_t i = 0; i < 8; ++i) __builtin_memcpy(digests + 32 * lane + 4 * i, &words[i][lane], 4);
}

} // namespace

void sha256_many_avx512(const Sha256ManyArguments& arguments) noexcept {
    std::uint32_t last[64];
    expand_shared(arguments.last, last);
    for (std::size_t first = 0; first < arguments.count; first += lanes) {
        const std::size_t present = arguments.count - first < lanes ? arguments.count - first : lanes;
        const std::uint8_t* blocks[lanes]; // lanes without a message repeat the last one
        for (std::size_t lane = 0; lane < lanes; ++lane)
            blocks[lane] = arguments.messages[first + (lane < present ? lane : present - 1)];
        __m512i state[8];
        for (int i = 0; i < 8; ++i) state[i] = _mm512_set1_epi32(static_cast<int>(arguments.initial[i]));
        for (std::size_t b = 0; b < arguments.blocks; ++b) {
            compress(state, blocks);
            for (auto& block : blocks) block += arguments.stride;
        }
        compress_shared(state, last);
        store_digests(state, arguments.digests + 32 * first, present);
    }
}

} // namespace kaisar::kernels
