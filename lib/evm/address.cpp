#include "evm/address.h"

#include "bytes/hex.h"
#include "crypto/keccak.h"

#include <algorithm>

namespace kaisar {
namespace {

bool is_letter_between(char letter, char first, char last) { return letter >= first && letter <= last; }

} // namespace

std::string format_address(const Address& address) {
    auto digits = encode_hex(address.bytes);
    const auto digest = keccak256(bytes_of(digits));
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const int nibble = i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15;
        if (nibble >= 8 && is_letter_between(digits[i], 'a', 'f')) digits[i] = static_cast<char>(digits[i] - 'a' + 'A');
    }
    return "0x" + digits;
}

std::optional<Address> parse_address(std::string_view text) {
    const auto bytes = decode_hex_array<20>(text);
    if (!bytes) return std::nullopt;
    const Address address{*bytes};
    const auto digits = text.substr(text.size() - 40);
    const bool has_lower = std::ranges::any_of(digits, [](char c) { return is_letter_between(c, 'a', 'f'); });
    const bool has_upper = std::ranges::any_of(digits, [](char c) { return is_letter_between(c, 'A', 'F'); });
    if (has_lower && has_upper && digits != format_address(address).substr(2)) return std::nullopt;
    return address;
}

Address address_of(const PublicKey64& key) {
    const auto digest = keccak256(key);
    return {array_of<20>(ByteView(digest).last(20))};
}

std::optional<Address> recover_address(const Bytes32& digest, const Signature65& signature) {
    const auto key = recover_public_key(digest, signature);
    if (!key) return std::nullopt;
    return address_of(*key);
}

} // namespace kaisar
