#include "registry/abi.h"

#include "crypto/keccak.h"
#include "evm/word.h"

namespace kaisar {
namespace {

constexpr std::size_t word_bytes = 32;

Bytes with_length(std::size_t length, ByteView content) {
    Bytes encoded;
    append(encoded, word_of(static_cast<std::uint64_t>(length)));
    append(encoded, content);
    encoded.resize((encoded.size() + word_bytes - 1) / word_bytes * word_bytes);
    return encoded;
}

} // namespace

ByteArray<4> abi_selector(std::string_view signature) {
    const auto hash = keccak256(bytes_of(signature));
    return array_of<4>(ByteView(hash).first(4));
}

Bytes32 abi_topic(std::string_view signature) { return keccak256(bytes_of(signature)); }

AbiWriter& AbiWriter::put(const Bytes32& word) {
    parts_.push_back({.word = word, .tail = {}});
    return *this;
}

AbiWriter& AbiWriter::put(const Address& address) { return put(word_of(address)); }

AbiWriter& AbiWriter::put_bytes(ByteView bytes) { return put_dynamic(with_length(bytes.size(), bytes)); }

AbiWriter& AbiWriter::put_dynamic(Bytes encoded) {
    parts_.push_back({.tail = std::move(encoded), .is_dynamic = true});
    return *this;
}

Bytes AbiWriter::encode() const {
    Bytes head;
    Bytes tails;
    for (const auto& part : parts_) {
        append(head, part.is_dynamic ? word_of(static_cast<std::uint64_t>(parts_.size() * word_bytes + tails.size()))
                                     : part.word);
        append(tails, part.tail);
    }
    append(head, tails);
    return head;
}

Bytes AbiWriter::encode_call(std::string_view signature) const {
    Bytes call;
    append(call, abi_selector(signature));
    append(call, encode());
    return call;
}

Bytes encode_abi_words(std::span<const Bytes32> words) {
    Bytes content;
    for (const auto& word : words) append(content, word);
    return with_length(words.size(), content);
}

Bytes encode_abi_tuples(const std::vector<Bytes>& tuples) {
    AbiWriter content;
    for (const auto& tuple : tuples) content.put_dynamic(tuple);
    return with_length(tuples.size(), content.encode());
}

ByteView AbiReader::take(std::size_t at, std::size_t size) {
    if (at > bytes_.size() || size > bytes_.size() - at) {
        ok_ = false;
        return {};
    }
    return bytes_.subspan(at, size);
}

Bytes32 AbiReader::word(std::size_t place) { return array_of<32>(take(place * word_bytes, word_bytes)); }

std::uint64_t AbiReader::unsigned_integer(std::size_t place) {
    const auto narrow = value(place).narrow();
    if (!narrow) ok_ = false;
    return narrow.value_or(0);
}

Address AbiReader::address(std::size_t place) {
    const auto found = word(place);
    if (!is_zero(ByteView(found).first(12))) ok_ = false;
    return {array_of<20>(ByteView(found).last(20))};
}

std::string AbiReader::string(std::size_t place) {
    const auto offset = unsigned_integer(place);
    if (!ok_ || offset % word_bytes != 0) {
        ok_ = false;
        return {};
    }
    const auto length = unsigned_integer(offset / word_bytes);
    return std::string(text_of(take(offset + word_bytes, ok_ ? length : 0)));
}

} // namespace kaisar
