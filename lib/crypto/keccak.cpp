#include "crypto/keccak.h"

#include "bytes/little_endian.h"

#include <algorithm>
#include <bit>

namespace kaisar {
namespace {

constexpr std::size_t rate_bytes = 136;
constexpr int rounds = 24;

constexpr std::array<std::uint64_t, rounds> round_constants = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};
// rho's rotations and pi's places, in the order in which pi visits the lanes (FIPS 202 §3.2.2, §3.2.3).
constexpr std::array<int, 24> rotations = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                           27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
constexpr std::array<std::size_t, 24> places = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                                15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};

using State = std::array<std::uint64_t, 25>;

void permute(State& state) {
    for (auto constant : round_constants) {
        std::array<std::uint64_t, 5> column{};
        for (std::size_t x = 0; x < 5; ++x)
            column[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
        for (std::size_t x = 0; x < 5; ++x) {
            const auto mix = column[(x + 4) % 5] ^ std::rotl(column[(x + 1) % 5], 1);
            for (std::size_t y = 0; y < 25; y += 5) state[x + y] ^= mix;
        }
        auto lane = state[1];
        for (std::size_t i = 0; i < places.size(); ++i) {
            const auto displaced = state[places[i]];
            state[places[i]] = std::rotl(lane, rotations[i]);
            lane = displaced;
        }
        for (std::size_t y = 0; y < 25; y += 5) {
            for (std::size_t x = 0; x < 5; ++x) column[x] = state[x + y];
            for (std::size_t x = 0; x < 5; ++x) state[x + y] ^= ~column[(x + 1) % 5] & column[(x + 2) % 5];
        }
        state[0] ^= constant;
    }
}

void absorb(State& state, const ByteArray<rate_bytes>& block) {
    for (std::size_t i = 0; i < rate_bytes / 8; ++i) state[i] ^= load_le<std::uint64_t>(block.data() + 8 * i);
    permute(state);
}

} // namespace

Bytes32 sponge256(std::initializer_list<ByteView> parts, SpongeDomain domain) {
    State state{};
    ByteArray<rate_bytes> block{};
    std::size_t filled = 0;
    for (auto part : parts)
        for (auto byte : part) {
            block[filled++] = byte;
            if (filled < rate_bytes) continue;
            absorb(state, block);
            filled = 0;
        }
    std::fill(block.begin() + static_cast<std::ptrdiff_t>(filled), block.end(), std::uint8_t{0});
    block[filled] = static_cast<std::uint8_t>(domain);
    block[rate_bytes - 1] = static_cast<std::uint8_t>(block[rate_bytes - 1] | 0x80);
    absorb(state, block);
    Bytes32 digest;
    for (std::size_t i = 0; i < 4; ++i) store_le(digest.data() + 8 * i, state[i]);
    return digest;
}

Bytes32 keccak256(std::initializer_list<ByteView> parts) { return sponge256(parts, SpongeDomain::keccak); }

Bytes32 keccak256(ByteView message) { return keccak256({message}); }

} // namespace kaisar
