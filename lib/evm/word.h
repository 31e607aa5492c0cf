/// The EVM's 32-byte words, as ABI encoding and EIP-712 pack values into them.
#pragma once

#include "bytes/bytes.h"
#include "evm/address.h"

#include <optional>
#include <string_view>

namespace kaisar {

/// Big endian, in the low end of the word.
Bytes32 word_of(std::uint64_t value);
Bytes32 word_of(const Address& address);

/// Whether an integer type has negative values.
enum class Signedness { is_unsigned, is_signed };

/// The word of an integer written in decimal, or in hexadecimal after 0x, with a leading minus where the type allows
/// one; nothing when it is no such number or does not fit `bits`.
std::optional<Bytes32> parse_word(std::string_view text, unsigned bits, Signedness signedness);

} // namespace kaisar
