/// RLP, the encoding of Ethereum's transactions: byte strings and lists of them, each after its length.
///
/// Only what is needed to write: nothing that comes from outside is RLP.
#pragma once

#include "bytes/bytes.h"
#include "transaction/uint256.h"

#include <initializer_list>

namespace kaisar {

Bytes encode_rlp(ByteView string);
/// Big endian without leading zeros; zero is the empty string.
Bytes encode_rlp(const Uint256& value);
/// A list of items that are encoded already.
Bytes encode_rlp_list(std::initializer_list<Bytes> items);

} // namespace kaisar
