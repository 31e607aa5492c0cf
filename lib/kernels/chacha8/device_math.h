/// ChaCha with 8 rounds as device code computes it: plain constexpr functions, which a test runs on the host.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels::device {

struct ChachaBlock {
    std::uint32_t word[16];
};

constexpr std::uint32_t rotate_left(std::uint32_t x, int bits) { return x << bits | x >> (32 - bits); }

constexpr void chacha_quarter(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d) {
    a += b, d = rotate_left(d ^ a, 16);
    c += d, b = rotate_left(b ^ c, 12);
    a += b, d = rotate_left(d ^ a, 8);
    c += d, b = rotate_left(b ^ c, 7);
}

constexpr void chacha_double_round(std::uint32_t* x) {
    chacha_quarter(x[0], x[4], x[8], x[12]);
    chacha_quarter(x[1], x[5], x[9], x[13]);
    chacha_quarter(x[2], x[6], x[10], x[14]);
    chacha_quarter(x[3], x[7], x[11], x[15]);
    chacha_quarter(x[0], x[5], x[10], x[15]);
    chacha_quarter(x[1], x[6], x[11], x[12]);
    chacha_quarter(x[2], x[7], x[8], x[13]);
    chacha_quarter(x[3], x[4], x[9], x[14]);
}

/// Block `counter` of the stream; `input` holds constants, key and nonce.
constexpr ChachaBlock chacha8_block(ChachaBlock input, std::uint64_t counter) {
    input.word[12] = static_cast<std::uint32_t>(counter);
    input.word[13] = static_cast<std::uint32_t>(counter >> 32);
    ChachaBlock x = input;
    for (int i = 0; i < 4; ++i) chacha_double_round(x.word);
    for (int i = 0; i < 16; ++i) x.word[i] += input.word[i];
    return x;
}

/// The input words but for the counter; `key` is little endian.
constexpr ChachaBlock chacha_input(const std::uint8_t* key, std::uint64_t nonce) {
    ChachaBlock input{{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}};
    for (int i = 0; i < 32; ++i) input.word[4 + i / 4] |= std::uint32_t{key[i]} << 8 * (i % 4);
    input.word[14] = static_cast<std::uint32_t>(nonce);
    input.word[15] = static_cast<std::uint32_t>(nonce >> 32);
    return input;
}

} // namespace kaisar::kernels::device
