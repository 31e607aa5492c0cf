/// The EVM's 32-byte words, as ABI encoding and EIP-712 pack values into them.
#pragma once

#include "bytes/bytes.h"
#include "evm/address.h"

namespace kaisar {

/// Big endian, in the low end of the word.
inline Bytes32 word_of(std::uint64_t value) {
    Bytes32 word{};
    for (std::size_t i = 0; i < 8; ++i) word[31 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    return word;
}

inline Bytes32 word_of(const Address& address) {
    Bytes32 word{};
    std::memcpy(word.data() + 12, address.bytes.data(), address.bytes.size());
    return word;
}

} // namespace kaisar
