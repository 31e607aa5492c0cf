// Two messages in step: the instructions of one chain take four cycles and more, and wait for each other.
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

constexpr std::size_t lanes = 2;

struct State {
    uint32x4_t abcd, efgh;
};

void compress(State (&state)[lanes], const std::uint8_t* const (&blocks)[lanes]) {
    State before[lanes];
    uint32x4_t w[lanes][4];
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        before[lane] = state[lane];
        for (std::size_t i = 0; i < 4; ++i)
            w[lane][i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks[lane] + 16 * i)));
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < 16; ++r) { // four rounds each
        const uint32x4_t k = vld1q_u32(round_constants + 4 * r);
#pragma GCC unroll 2
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            auto& x = w[lane];
            State& s = state[lane];
            const uint32x4_t wk = vaddq_u32(x[r % 4], k);
            if (r < 12)
                x[r % 4] = vsha256su1q_u32(vsha256su0q_u32(x[r % 4], x[(r + 1) % 4]), x[(r + 2) % 4], x[(r + 3) % 4]);
            const uint32x4_t abcd = s.abcd;
            s.abcd = vsha256hq_u32(abcd, s.efgh, wk);
            s.efgh = vsha256h2q_u32(s.efgh, abcd, wk);
        }
    }
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        state[lane].abcd = vaddq_u32(state[lane].abcd, before[lane].abcd);
        state[lane].efgh = vaddq_u32(state[lane].efgh, before[lane].efgh);
    }
}

void store_digest(const State& state, std::uint8_t* digest) {
    vst1q_u8(digest, vrev32q_u8(vreinterpretq_u8_u32(state.abcd)));
    vst1q_u8(digest + 16, vrev32q_u8(vreinterpretq_u8_u32(state.efgh)));
}

} // namespace

void sha256_many_neonsha(const Sha256ManyArguments& arguments) noexcept {
    const State initial = {vld1q_u32(arguments.initial), vld1q_u32(arguments.initial + 4)};
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
