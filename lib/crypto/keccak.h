/// Keccak-256, the hash of the EVM: SHA-3's permutation with the padding of before the standard.
#pragma once

#include "bytes/bytes.h"

#include <initializer_list>

namespace kaisar {

/// The byte that ends the message before the padding: all that tells SHA3-256 (FIPS 202) from Keccak-256.
enum class SpongeDomain : std::uint8_t { keccak = 0x01, sha3 = 0x06 };

Bytes32 keccak256(ByteView message);

/// Keccak-256 of the parts joined.
Bytes32 keccak256(std::initializer_list<ByteView> parts);

/// The sponge with a rate of 136 bytes and a digest of 32, which both hashes are.
Bytes32 sponge256(std::initializer_list<ByteView> parts, SpongeDomain domain);

} // namespace kaisar
