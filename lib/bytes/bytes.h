/// Byte strings: the types that everything passing bytes around agrees on.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace kaisar {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;

template <std::size_t Size>
using ByteArray = std::array<std::uint8_t, Size>;

/// A SHA-256 or Keccak-256 digest, a key, a beacon value: whatever is 32 bytes in the protocol.
using Bytes32 = ByteArray<32>;

/// The bytes of a text, without a copy; valid as long as the text is.
inline ByteView bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The text that these bytes spell, without a copy and without looking whether it is UTF-8.
inline std::string_view text_of(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

inline void append(Bytes& to, ByteView from) {
    // Not insert(): g++ 12 sees an overflow in it that is not there (-Wstringop-overflow).
    const auto at = to.size();
    to.resize(at + from.size());
    if (!from.empty()) std::memcpy(to.data() + at, from.data(), from.size());
}

/// The fixed-size array that `view` holds; `view.size()` must be `Size`.
template <std::size_t Size>
ByteArray<Size> array_of(ByteView view) {
    ByteArray<Size> out{};
    if (!view.empty()) std::memcpy(out.data(), view.data(), view.size() < Size ? view.size() : Size);
    return out;
}

inline bool is_zero(ByteView bytes) {
    std::uint8_t any = 0;
    for (auto byte : bytes) any = static_cast<std::uint8_t>(any | byte);
    return any == 0;
}

} // namespace kaisar
