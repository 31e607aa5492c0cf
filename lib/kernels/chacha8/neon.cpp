// Four blocks at a time: lane l of every vector belongs to block counter + l.
#include "kernels/chacha8/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t lanes = 4;

template <int Bits>
uint32x4_t rotate_left(uint32x4_t x) {
    if constexpr (Bits == 16) {
        return vreinterpretq_u32_u16(vrev32q_u16(vreinterpretq_u16_u32(x)));
    } else if constexpr (Bits == 8) {
        constexpr std::uint8_t order[16] = {3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14};
        return vreinterpretq_u32_u8(vqtbl1q_u8(vreinterpretq_u8_u32(x), vld1q_u8(order)));
    } else {
        return vsriq_n_u32(vshlq_n_u32(x, Bits), x, 32 - Bits);
    }
}

void quarter_round(uint32x4_t& a, uint32x4_t& b, uint32x4_t& c, uint32x4_t& d) {
    a = vaddq_u32(a, b), d = rotate_left<16>(veorq_u32(d, a));
    c = vaddq_u32(c, d), b = rotate_left<12>(veorq_u32(b, c));
    a = vaddq_u32(a, b), d = rotate_left<8>(veorq_u32(d, a));
    c = vaddq_u32(c, d), b = rotate_left<7>(veorq_u32(b, c));
}

/// Writes four words of each block: word w of block l goes to out + 64 l + 4 w.
void store_transposed(const uint32x4_t* words, std::uint8_t* out) {
    const uint64x2_t even_low = vreinterpretq_u64_u32(vtrn1q_u32(words[0], words[1]));
    const uint64x2_t odd_low = vreinterpretq_u64_u32(vtrn2q_u32(words[0], words[1]));
    const uint64x2_t even_high = vreinterpretq_u64_u32(vtrn1q_u32(words[2], words[3]));
    const uint64x2_t odd_high = vreinterpretq_u64_u32(vtrn2q_u32(words[2], words[3]));
    vst1q_u8(out, vreinterpretq_u8_u64(vtrn1q_u64(even_low, even_high)));
    vst1q_u8(out + 64, vreinterpretq_u8_u64(vtrn1q_u64(odd_low, odd_high)));
    vst1q_u8(out + 128, vreinterpretq_u8_u64(vtrn2q_u64(even_low, even_high)));
    vst1q_u8(out + 192, vreinterpretq_u8_u64(vtrn2q_u64(odd_low, odd_high)));
}

void four_blocks(const std::uint32_t* words, std::uint64_t counter, std::uint8_t* out) {
    std::uint32_t counters[2][lanes];
    for (std::size_t l = 0; l < lanes; ++l) {
        counters[0][l] = static_cast<std::uint32_t>(counter + l);
        counters[1][l] = static_cast<std::uint32_t>((counter + l) >> 32);
    }
    const uint32x4_t low = vld1q_u32(counters[0]), high = vld1q_u32(counters[1]);
    uint32x4_t x[16];
    for (std::size_t i = 0; i < 16; ++i) x[i] = i == 12 ? low : i == 13 ? high : vdupq_n_u32(words[i]);
    for (int double_round = 0; double_round < 4; ++double_round) {
        for (std::size_t i = 0; i < 4; ++i) quarter_round(x[i], x[4 + i], x[8 + i], x[12 + i]);
        quarter_round(x[0], x[5], x[10], x[15]);
        quarter_round(x[1], x[6], x[11], x[12]);
        quarter_round(x[2], x[7], x[8], x[13]);
        quarter_round(x[3], x[4], x[9], x[14]);
    }
    for (std::size_t i = 0; i < 16; ++i) x[i] = vaddq_u32(x[i], i == 12 ? low : i == 13 ? high : vdupq_n_u32(words[i]));
    for (std::size_t group = 0; group < 4; ++group) store_transposed(x + 4 * group, out + 16 * group);
}

} // namespace

void chacha8_neon(const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                  std::size_t count) noexcept {
    std::uint32_t words[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    __builtin_memcpy(words + 4, key, 32);
    words[12] = words[13] = 0;
    words[14] = static_cast<std::uint32_t>(nonce);
    words[15] = static_cast<std::uint32_t>(nonce >> 32);
    for (; count >= lanes; count -= lanes, counter += lanes, out += 64 * lanes) four_blocks(words, counter, out);
    if (count == 0) return;
    std::uint8_t blocks[64 * lanes];
    four_blocks(words, counter, blocks);
    __builtin_memcpy(out, blocks, 64 * count);
}

} // namespace kaisar::kernels
