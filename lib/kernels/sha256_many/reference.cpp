#include "kernels/sha256_many/contract.h"

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

std::uint32_t rotate_right(std::uint32_t x, unsigned bits) { return x >> bits | x << (32 - bits); }

std::uint32_t load_big_endian(const std::uint8_t* from) {
    return std::uint32_t{from[0]} << 24 | std::uint32_t{from[1]} << 16 | std::uint32_t{from[2]} << 8 | from[3];
}

void compress(std::uint32_t* state, const std::uint8_t* block) {
    std::uint32_t w[64];
    for (std::size_t t = 0; t < 16; ++t) w[t] = load_big_endian(block + 4 * t);
    for (std::size_t t = 16; t < 64; ++t) {
        const auto x = w[t - 15], y = w[t - 2];
        const auto sigma0 = rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3;
        const auto sigma1 = rotate_right(y, 17) ^ rotate_right(y, 19) ^ y >> 10;
        w[t] = sigma1 + w[t - 7] + sigma0 + w[t - 16];
    }
    std::uint32_t v[8];
    for (std::size_t i = 0; i < 8; ++i) v[i] = state[i];
    for (std::size_t t = 0; t < 64; ++t) {
        const auto sum1 = rotate_right(v[4], 6) ^ rotate_right(v[4], 11) ^ rotate_right(v[4], 25);
        const auto t1 = v[7] + sum1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constants[t] + w[t];
        const auto sum0 = rotate_right(v[0], 2) ^ rotate_right(v[0], 13) ^ rotate_right(v[0], 22);
        const auto t2 = sum0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        for (std::size_t i = 7; i > 0; --i) v[i] = v[i - 1];
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (std::size_t i = 0; i < 8; ++i) state[i] += v[i];
}

} // namespace

void sha256_many_reference(const Sha256ManyArguments& arguments) noexcept {
    for (std::size_t i = 0; i < arguments.count; ++i) {
        std::uint32_t state[8];
        for (std::size_t j = 0; j < 8; ++j) state[j] = arguments.initial[j];
        for (std::size_t b = 0; b < arguments.blocks; ++b)
            compress(state, arguments.messages[i] + b * arguments.stride);
        compress(state, arguments.last);
        for (std::size_t j = 0; j < 32; ++j)
            arguments.digests[32 * i + j] = static_cast<std::uint8_t>(state[j / 4] >> (24 - 8 * (j % 4)));
    }
}

} // namespace kaisar::kernels
