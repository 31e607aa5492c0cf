/// SHA-256 and HMAC for everything that is not a hot loop of the proof (that one has kernels/sha256), and random bytes.
#pragma once

#include "bytes/bytes.h"

#include <initializer_list>

namespace kaisar {

Bytes32 sha256(ByteView message);

/// SHA-256 of the parts joined.
Bytes32 sha256(std::initializer_list<ByteView> parts);

Bytes32 hmac_sha256(ByteView key, ByteView message);

/// From the operating system's generator; cannot fail.
void fill_random(MutableByteView bytes);

template <std::size_t Size>
ByteArray<Size> random_array() {
    ByteArray<Size> bytes;
    fill_random(bytes);
    return bytes;
}

} // namespace kaisar
