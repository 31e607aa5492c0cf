#include "evm/word.h"

#include <bit>

namespace kaisar {
namespace {

/// value * factor + digit; false when it does not fit 256 bits.
bool multiply_add(Bytes32& value, unsigned factor, unsigned digit) {
    unsigned carry = digit;
    for (std::size_t i = value.size(); i-- > 0;) {
        carry += value[i] * factor;
        value[i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
    }
    return carry == 0;
}

std::optional<Bytes32> parse_magnitude(std::string_view text) {
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    if (is_hex) text.remove_prefix(2);
    if (text.empty()) return std::nullopt;
    Bytes32 value{};
    for (char c : text) {
        unsigned digit = 16;
        if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
        if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a' + 10);
        if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A' + 10);
        const unsigned base = is_hex ? 16 : 10;
        if (digit >= base || !multiply_add(value, base, digit)) return std::nullopt;
    }
    return value;
}

unsigned bit_width_of(const Bytes32& value) {
    for (unsigned i = 0; i < 32; ++i)
        if (value[i] != 0) return (31 - i) * 8 + static_cast<unsigned>(std::bit_width(value[i]));
    return 0;
}

/// Two's complement of all 256 bits.
Bytes32 negate(Bytes32 value) {
    for (auto& byte : value) byte = static_cast<std::uint8_t>(~byte);
    multiply_add(value, 1, 1);
    return value;
}

/// Magnitudes of n bits go up to 2^n - 1, but the most negative number of a signed type is one larger in magnitude.
bool fits_negative(const Bytes32& magnitude, unsigned bits) {
    auto least = magnitude;
    if (is_zero(least)) return true;
    for (std::size_t i = least.size(); i-- > 0;)
        if (least[i]-- != 0) break; // magnitude - 1
    return bit_width_of(least) <= bits - 1;
}

} // namespace

Bytes32 word_of(std::uint64_t value) {
    Bytes32 word{};
    for (std::size_t i = 0; i < 8; ++i) word[31 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    return word;
}

Bytes32 word_of(const Address& address) {
    Bytes32 word{};
    std::memcpy(word.data() + 12, address.bytes.data(), address.bytes.size());
    return word;
}

std::optional<Bytes32> parse_word(std::string_view text, unsigned bits, Signedness signedness) {
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const auto magnitude = parse_magnitude(text);
    if (!magnitude) return std::nullopt;
    if (signedness == Signedness::is_unsigned) {
        if (is_negative || bit_width_of(*magnitude) > bits) return std::nullopt;
        return magnitude;
    }
    if (is_negative) return fits_negative(*magnitude, bits) ? std::optional(negate(*magnitude)) : std::nullopt;
    if (bit_width_of(*magnitude) > bits - 1) return std::nullopt;
    return magnitude;
}

} // namespace kaisar
