/// The EVM's contract ABI, as far as the registry and its token need it: calls are written, answers are read.
#pragma once

#include "bytes/bytes.h"
#include "evm/address.h"
#include "transaction/uint256.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kaisar {

/// The first four bytes of a call: "transfer(address,uint256)".
ByteArray<4> abi_selector(std::string_view signature);
/// The first topic of an event's log.
Bytes32 abi_topic(std::string_view signature);

/// Collects the values of a tuple in order; what has no fixed size goes behind the rest, with its offset in its place.
class AbiWriter {
public:
    AbiWriter& put(const Bytes32& word);
    AbiWriter& put(const Uint256& value) { return put(value.word()); }
    AbiWriter& put(const Address& address);
    /// `bytes` or `string`.
    AbiWriter& put_bytes(ByteView bytes);
    /// A tuple or array that is encoded already.
    AbiWriter& put_dynamic(Bytes encoded);
    Bytes encode() const;
    /// The tuple as the arguments of a call.
    Bytes encode_call(std::string_view signature) const;

private:
    struct Part {
        Bytes32 word{};
        Bytes tail;
        bool is_dynamic = false;
    };
    std::vector<Part> parts_;
};

Bytes encode_abi_words(std::span<const Bytes32> words);
/// An array of tuples that have no fixed size.
Bytes encode_abi_tuples(const std::vector<Bytes>& tuples);

/// Reads a tuple's values by their place. What lies outside the bytes is zero or empty, and makes ok() false.
class AbiReader {
public:
    explicit AbiReader(ByteView bytes) : bytes_(bytes) {}

    Bytes32 word(std::size_t place);
    Uint256 value(std::size_t place) { return Uint256::from_word(word(place)); }
    /// ok() becomes false when it is larger.
    std::uint64_t unsigned_integer(std::size_t place);
    Address address(std::size_t place);
    std::string string(std::size_t place);
    bool ok() const { return ok_; }

private:
    ByteView take(std::size_t at, std::size_t size);

    ByteView bytes_;
    bool ok_ = true;
};

} // namespace kaisar
