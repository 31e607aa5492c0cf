/// SHA-256 as device code computes it: plain constexpr functions, which a test runs on the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace kaisar::kernels::device {

/// FIPS 180-4 §4.2.2.
struct Sha256Constants {
    std::uint32_t k[64];
};
constexpr Sha256Constants sha256_constants() {
    return {{0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
             0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
             0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
             0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
             0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
             0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
             0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
             0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2}};
}

struct Sha256State {
    std::uint32_t h[8];
};
struct Sha256Block {
    std::uint32_t w[16]; ///< big endian, as numbers
};

constexpr std::uint32_t rotate_right(std::uint32_t x, int bits) { return x >> bits | x << (32 - bits); }
constexpr std::uint32_t byte_swapped(std::uint32_t x) {
    return x << 24 | (x << 8 & 0xff0000) | (x >> 8 & 0xff00) | x >> 24;
}

/// Round i of sixteen; the eight variables change their places instead of moving. Leaves behind the word of the message
/// schedule that is needed sixteen rounds later.
template <int i>
constexpr void sha256_round(std::uint32_t* v, std::uint32_t* w, std::uint32_t constant) {
    const auto at = [](int variable) { return (variable - i + 16) % 8; };
    const auto a = v[at(0)], b = v[at(1)], c = v[at(2)], e = v[at(4)], f = v[at(5)], g = v[at(6)];
    const auto t1 = v[at(7)] + (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) + (g ^ (e & (f ^ g))) +
                    constant + w[i];
    v[at(3)] += t1;
    v[at(7)] = t1 + (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) + ((a & b) | (c & (a | b)));
    const auto x = w[(i + 1) % 16], y = w[(i + 14) % 16];
    w[i] += (rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3) + w[(i + 9) % 16] +
            (rotate_right(y, 17) ^ rotate_right(y, 19) ^ y >> 10);
}

template <int... i>
constexpr void sha256_sixteen_rounds(std::uint32_t* v, std::uint32_t* w, const std::uint32_t* k,
                                     std::integer_sequence<int, i...>) {
    (sha256_round<i>(v, w, k[i]), ...);
}

/// The compression function; `constants` are sha256_constants(), wherever they lie.
constexpr void sha256_compress(Sha256State& state, Sha256Block block, const Sha256Constants& constants) {
    Sha256State v = state;
    for (int t = 0; t < 64; t += 16)
        sha256_sixteen_rounds(v.h, block.w, constants.k + t, std::make_integer_sequence<int, 16>());
    for (int i = 0; i < 8; ++i) state.h[i] += v.h[i];
}

/// First element of a tile, counted from the corner of C, in the order of a proof's leaves.
constexpr std::size_t tile_offset(std::size_t leaf, std::size_t columns, std::size_t ldc) {
    const std::size_t superblock = leaf / 64, inside = leaf % 64, in_row = columns / 128;
    return (superblock / in_row * 128 + inside / 8 * 16) * ldc + superblock % in_row * 128 + inside % 8 * 16;
}

} // namespace kaisar::kernels::device
