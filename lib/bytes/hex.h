/// Hexadecimal and base64 text.
#pragma once

#include "bytes/bytes.h"

#include <optional>
#include <string>

namespace kaisar {

/// Lower-case hexadecimal without a prefix.
std::string encode_hex(ByteView bytes);

/// `0x` and lower-case hexadecimal, as EVM tools write it.
std::string encode_hex_prefixed(ByteView bytes);

/// Accepts either case and an optional `0x`; nothing for an odd length or another character.
std::optional<Bytes> decode_hex(std::string_view text);

/// As decode_hex, and nothing unless it is exactly `Size` bytes.
template <std::size_t Size>
std::optional<ByteArray<Size>> decode_hex_array(std::string_view text) {
    auto bytes = decode_hex(text);
    if (!bytes || bytes->size() != Size) return std::nullopt;
    return array_of<Size>(*bytes);
}

/// RFC 4648 §4, with padding.
std::string encode_base64(ByteView bytes);

/// Strict RFC 4648 §4: padding required, no white space, unused bits zero.
std::optional<Bytes> decode_base64(std::string_view text);

} // namespace kaisar
