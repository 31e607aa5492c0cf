// Four messages at a time, for processors without instructions for SHA-256: lane l of every vector belongs to message
// l.
#include "kernels/sha256_many/contract.h"

#include <arm_neon.h>

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

constexpr std::size_t lanes = 4;

template <int Bits>
uint32x4_t rotate_right(uint32x4_t x) {
    return vsriq_n_u32(vshlq_n_u32(x, 32 - Bits), x, Bits);
}

uint32x4_t xor_three(uint32x4_t a, uint32x4_t b, uint32x4_t c) { return veorq_u32(veorq_u32(a, b), c); }

/// Sixteen bytes of each message as four words, word i of all of them in words[i].
void load_transposed(const std::uint8_t* const (&blocks)[lanes], std::size_t offset, uint32x4_t* words) {
    uint32x4_t x[lanes];
    for (std::size_t lane = 0; lane < lanes; ++lane)
        x[lane] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks[lane] + offset)));
    const uint64x2_t even_low = vreinterpretq_u64_u32(vtrn1q_u32(x[0], x[1]));
    const uint64x2_t odd_low = vreinterpretq_u64_u32(vtrn2q_u32(x[0], x[1]));
    const uint64x2_t even_high = vreinterpretq_u64_u32(vtrn1q_u32(x[2], x[3]));
    const uint64x2_t odd_high = vreinterpretq_u64_u32(vtrn2q_u32(x[2], x[3]));
    words[0] = vreinterpretq_u32_u64(vtrn1q_u64(even_low, even_high));
    words[1] = vreinterpretq_u32_u64(vtrn1q_u64(odd_low, odd_high));
    words[2] = vreinterpretq_u32_u64(vtrn2q_u64(even_low, even_high));
    words[3] = vreinterpretq_u32_u64(vtrn2q_u64(odd_low, odd_high));
}

void compress(uint32x4_t (&state)[8], const std::uint8_t* const (&blocks)[lanes]) {
    uint32x4_t w[16], s[8];
    for (std::size_t i = 0; i < 4; ++i) load_transposed(blocks, 16 * i, w + 4 * i);
    for (std::size_t i = 0; i < 8; ++i) s[i] = state[i];
    for (std::size_t sixteen = 0; sixteen < 64; sixteen += 16) {
#pragma GCC unroll 16
        for (std::size_t r = 0; r < 16; ++r) {
            if (sixteen != 0) {
                const uint32x4_t x = w[(r + 1) % 16], y = w[(r + 14) % 16];
                const uint32x4_t sigma0 = xor_three(rotate_right<7>(x), rotate_right<18>(x), vshrq_n_u32(x, 3));
                const uint32x4_t sigma1 = xor_three(rotate_right<17>(y), rotate_right<19>(y), vshrq_n_u32(y, 10));
                w[r] = vaddq_u32(vaddq_u32(w[r], sigma0), vaddq_u32(w[(r + 9) % 16], sigma1));
            }
            // The letters move instead of the words: a is s[-r mod 8].
            const auto at = [&](std::size_t letter) -> uint32x4_t& { return s[(letter + 16 - r) % 8]; };
            const uint32x4_t a = at(0), b = at(1), c = at(2), e = at(4), f = at(5), g = at(6);
            const uint32x4_t sum1 = xor_three(rotate_right<6>(e), rotate_right<11>(e), rotate_right<25>(e));
            const uint32x4_t choice = vbslq_u32(e, f, g);
            const uint32x4_t wk = vaddq_u32(w[r], vdupq_n_u32(round_constants[sixteen + r]));
            const uint32x4_t t1 = vaddq_u32(vaddq_u32(at(7), sum1), vaddq_u32(choice, wk));
            const uint32x4_t sum0 = xor_three(rotate_right<2>(a), rotate_right<13>(a), rotate_right<22>(a));
            const uint32x4_t majority = vbslq_u32(veorq_u32(a, b), c, b);
            at(3) = vaddq_u32(at(3), t1);
            at(7) = vaddq_u32(t1, vaddq_u32(sum0, majority));
        }
    }
    for (std::size_t i = 0; i < 8; ++i) state[i] = vaddq_u32(state[i], s[i]);
}

} // namespace

void sha256_many_neon(const Sha256ManyArguments& arguments) noexcept {
    const std::uint8_t* const last[lanes] = {arguments.last, arguments.last, arguments.last, arguments.last};
    for (std::size_t first = 0; first < arguments.count; first += lanes) {
        const std::size_t used = arguments.count - first < lanes ? arguments.count - first : lanes;
        const std::uint8_t* blocks[lanes]; // lanes without a message repeat the last one
        for (std::size_t lane = 0; lane < lanes; ++lane)
            blocks[lane] = arguments.messages[first + (lane < used ? lane : used - 1)];
        uint32x4_t state[8];
        for (std::size_t i = 0; i < 8; ++i) state[i] = vdupq_n_u32(arguments.initial[i]);
        for (std::size_t b = 0; b < arguments.blocks; ++b) {
            compress(state, blocks);
            for (auto& block : blocks) block += arguments.stride;
        }
        compress(state, last);
        std::uint32_t words[8][lanes];
        for (std::size_t i = 0; i < 8; ++i)
            vst1q_u32(words[i], vreinterpretq_u32_u8(vrev32q_u8(vreinterpretq_u8_u32(state[i]))));
        for (std::size_t lane = 0; lane < used; ++lane)
            for (std::size_t i = 0; i < 8; ++i)
                __builtin_memcpy(arguments.digests + 32 * (first + lane) + 4 * i, &words[i][lane], 4);
    }
}

} // namespace kaisar::kernels
