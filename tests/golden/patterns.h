/// Bytes that a reader recognises: fixed keys, uids and seeds of golden proofs and of tests.
#pragma once

#include "bytes/bytes.h"

namespace kaisar::golden {

/// `count` bytes: first, first + 1, …
template <std::size_t Count>
ByteArray<Count> ascending(std::uint8_t first) {
    ByteArray<Count> out;
    for (std::size_t i = 0; i < Count; ++i) out[i] = static_cast<std::uint8_t>(first + i);
    return out;
}

template <std::size_t Count = 32>
ByteArray<Count> repeated(std::uint8_t value) {
    ByteArray<Count> out;
    out.fill(value);
    return out;
}

} // namespace kaisar::golden
