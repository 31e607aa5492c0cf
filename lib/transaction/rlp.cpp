#include "transaction/rlp.h"

namespace kaisar {
namespace {

constexpr std::uint8_t string_mark = 0x80;
constexpr std::uint8_t list_mark = 0xc0;
/// Longer contents have a length that is itself so many bytes, big endian.
constexpr std::size_t short_limit_bytes = 55;

ByteView trimmed(const Bytes32& word) {
    std::size_t zeros = 0;
    while (zeros < word.size() && word[zeros] == 0) ++zeros;
    return ByteView(word).subspan(zeros);
}

void append_header(Bytes& to, std::uint8_t mark, std::size_t size) {
    if (size <= short_limit_bytes) {
        to.push_back(static_cast<std::uint8_t>(mark + size));
        return;
    }
    const auto word = Uint256(size).word();
    const auto length = trimmed(word);
    to.push_back(static_cast<std::uint8_t>(mark + short_limit_bytes + length.size()));
    append(to, length);
}

} // namespace

Bytes encode_rlp(ByteView string) {
    Bytes encoded;
    if (string.size() != 1 || string[0] >= string_mark) append_header(encoded, string_mark, string.size());
    append(encoded, string);
    return encoded;
}

Bytes encode_rlp(const Uint256& value) {
    const auto word = value.word();
    return encode_rlp(trimmed(word));
}

Bytes encode_rlp_list(std::initializer_list<Bytes> items) {
    std::size_t size = 0;
    for (const auto& item : items) size += item.size();
    Bytes encoded;
    append_header(encoded, list_mark, size);
    for (const auto& item : items) append(encoded, item);
    return encoded;
}

} // namespace kaisar
