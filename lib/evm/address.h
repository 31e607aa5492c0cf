/// Addresses of EVM accounts and contracts.
#pragma once

#include "bytes/bytes.h"
#include "crypto/secp256k1.h"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace kaisar {

struct Address {
    ByteArray<20> bytes{};

    auto operator<=>(const Address&) const = default;
};

/// With 0x and the checksum of EIP-55 in the case of its letters.
std::string format_address(const Address& address);

/// Accepts 40 hexadecimal digits with or without 0x. Letters of both cases must spell the EIP-55 checksum; letters of
/// one case carry none.
std::optional<Address> parse_address(std::string_view text);

/// The account that a public key controls: the last 20 bytes of its Keccak-256.
Address address_of(const PublicKey64& key);

/// The account whose key signed the digest; nothing for a signature that is invalid or not in its one allowed form.
std::optional<Address> recover_address(const Bytes32& digest, const Signature65& signature);

} // namespace kaisar
