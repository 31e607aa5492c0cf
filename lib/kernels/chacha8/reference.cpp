#include "kernels/chacha8/contract.h"

namespace kaisar::kernels {
namespace {

std::uint32_t rotate_left(std::uint32_t x, unsigned bits) { return x << bits | x >> (32 - bits); }

void quarter_round(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d) {
    a += b, d = rotate_left(d ^ a, 16);
    c += d, b = rotate_left(b ^ c, 12);
    a += b, d = rotate_left(d ^ a, 8);
    c += d, b = rotate_left(b ^ c, 7);
}

std::uint32_t load_little_endian(const std::uint8_t* from) {
    return std::uint32_t{from[3]} << 24 | std::uint32_t{from[2]} << 16 | std::uint32_t{from[1]} << 8 | from[0];
}

} // namespace

void chacha8_reference(const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                       std::size_t count) noexcept {
    std::uint32_t input[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (std::size_t i = 0; i < 8; ++i) input[4 + i] = load_little_endian(key + 4 * i);
    input[14] = static_cast<std::uint32_t>(nonce);
    input[15] = static_cast<std::uint32_t>(nonce >> 32);
    for (; count != 0; --count, ++counter, out += 64) {
        input[12] = static_cast<std::uint32_t>(counter);
        input[13] = static_cast<std::uint32_t>(counter >> 32);
        std::uint32_t x[16];
        for (std::size_t i = 0; i < 16; ++i) x[i] = input[i];
        for (int double_round = 0; double_round < 4; ++double_round) {
            for (std::size_t i = 0; i < 4; ++i) quarter_round(x[i], x[4 + i], x[8 + i], x[12 + i]);
            for (std::size_t i = 0; i < 4; ++i)
                quarter_round(x[i], x[4 + (i + 1) % 4], x[8 + (i + 2) % 4], x[12 + (i + 3) % 4]);
        }
        for (std::size_t i = 0; i < 16; ++i) {
            const auto word = x[i] + input[i];
            for (std::size_t byte = 0; byte < 4; ++byte)
                out[4 * i + byte] = static_cast<std::uint8_t>(word >> (8 * byte));
        }
    }
}

} // namespace kaisar::kernels
