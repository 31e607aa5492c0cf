// Two messages in step: one chain of SHA-NI rounds leaves its unit waiting half of the time.
#include "kernels/sha256_many/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

alignas(16) constexpr std::uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

constexpr int lanes = 2;

// The instructions' form of a chaining value: {A,B,E,F} and {C,D,G,H}, highest lane first.
struct State {
    __m128i abef, cdgh;
};

State load_state(const std::uint32_t* words) {
    const __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words)), 0xb1);
    const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words + 4)), 0x1b);
    return {_mm_alignr_epi8(abcd, efgh, 8), _mm_blend_epi16(efgh, abcd, 0xf0)};
}

__m128i big_endian_order() { return _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203); }

void store_digest(const State& state, std::uint8_t* digest) {
    const __m128i feba = _mm_shuffle_epi32(state.abef, 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(state.cdgh, 0xb1);
    auto* out = reinterpret_cast<__m128i*>(digest);
    _mm_storeu_si128(out, _mm_shuffle_epi8(_mm_blend_epi16(feba, dchg, 0xf0), big_endian_order()));
    _mm_storeu_si128(out + 1, _mm_shuffle_epi8(_mm_alignr_epi8(dchg, feba, 8), big_endian_order()));
}

void compress(State* state, const std::uint8_t* const* blocks) {
    State before[lanes];
    __m128i w[lanes][4];
    for (int lane = 0; lane < lanes; ++lane) {
        before[lane] = state[lane];
        for (int i = 0; i < 4; ++i)
            w[lane][i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks[lane]) + i),
                                          big_endian_order());
    }
#pragma GCC unroll 16
    for (int r = 0; r < 16; ++r) { // four rounds each
        const __m128i k = _mm_load_si128(reinterpret_cast<const __m128i*>(round_constants) + r);
#pragma GCC unroll 2
        for (int lane = 0; lane < lanes; ++lane) {
            const __m128i now = w[lane][r % 4], previous = w[lane][(r + 3) % 4];
            const __m128i wk = _mm_add_epi32(now, k);
            state[lane].cdgh = _mm_sha256rnds2_epu32(state[lane].cdgh, state[lane].abef, wk);
            state[lane].abef = _mm_sha256rnds2_epu32(state[lane].abef, state[lane].cdgh, _mm_shuffle_epi32(wk, 0x0e));
            if (r < 12) {
                const __m128i partial = _mm_sha256msg1_epu32(now, w[lane][(r + 1) % 4]);
                const __m128i seven_back = _mm_alignr_epi8(previous, w[lane][(r + 2) % 4], 4);
                w[lane][r % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(partial, seven_back), previous);
            }
        }
    }
    for (int lane = 0; lane < lanes; ++lane) {
        state[lane].abef = _mm_add_epi32(state[lane].abef, before[lane].abef);
        state[lane].cdgh = _mm_add_epi32(state[lane].cdgh, before[lane].cdgh);
    }
}

} // namespace

void sha256_many_sha(const Sha256ManyArguments& arguments) noexcept {
    const State initial = load_state(arguments.initial);
    const std::uint8_t* const last[lanes] = {arguments.last, arguments.last};
    for (std::size_t i = 0; i < arguments.count; i += lanes) {
        const bool is_pair = i + 1 < arguments.count; // the odd one out is computed twice
        const std::uint8_t* blocks[lanes] = {arguments.messages[i], arguments.messages[is_pair ? i + 1 : i]};
        State state[lanes] = {initial, initial};
        for (std::size_t b = 0; b < arguments.blocks; ++b) {
            compress(state, blocks);
            for (auto& block : blocks) block += arguments.stride;
        }
        compress(state, last);
        store_digest(state[0], arguments.digests + 32 * i);
        if (is_pair) store_digest(state[1], arguments.digests + 32 * (i + 1));
    }
}

} // namespace kaisar::kernels
