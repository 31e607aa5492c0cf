/// Fixed-width little-endian integers in byte strings, the encoding of every PoPW message.
#pragma once

#include "bytes/bytes.h"

#include <concepts>
#include <string>

namespace kaisar {

template <std::unsigned_integral Integer>
Integer load_le(const std::uint8_t* from) {
    Integer value = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i) value = static_cast<Integer>(value | Integer{from[i]} << (8 * i));
    return value;
}

template <std::unsigned_integral Integer>
void store_le(std::uint8_t* to, Integer value) {
    for (std::size_t i = 0; i < sizeof(Integer); ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// Appends fields to a byte string in the order in which they are called.
class ByteWriter {
public:
    /// Most messages fit without growing.
    ByteWriter() { bytes_.reserve(512); }

    template <std::unsigned_integral Integer>
    ByteWriter& put(Integer value) {
        const auto at = bytes_.size();
        bytes_.resize(at + sizeof(Integer));
        store_le(bytes_.data() + at, value);
        return *this;
    }
    ByteWriter& put(ByteView bytes) {
        append(bytes_, bytes);
        return *this;
    }
    ByteWriter& put_zeros(std::size_t count) {
        bytes_.resize(bytes_.size() + count);
        return *this;
    }
    std::size_t size() const { return bytes_.size(); }
    const Bytes& bytes() const { return bytes_; }
    Bytes take() { return std::move(bytes_); }

private:
    Bytes bytes_;
};

/// Reads fields from a byte string in order. Reading past the end yields zeros and makes ok() false, so that a decoder
/// checks once, at its end, instead of after every field.
class ByteReader {
public:
    explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

    template <std::unsigned_integral Integer>
    Integer get() {
        const auto field = take(sizeof(Integer));
        return field.empty() ? Integer{0} : load_le<Integer>(field.data());
    }
    template <std::size_t Size>
    ByteArray<Size> get_array() {
        return array_of<Size>(take(Size));
    }
    /// The next `count` bytes without a copy; empty when there are fewer.
    ByteView take(std::size_t count) {
        if (count > bytes_.size()) {
            ok_ = false;
            bytes_ = {};
            return {};
        }
        const auto field = bytes_.first(count);
        bytes_ = bytes_.subspan(count);
        return field;
    }
    /// Skips a reserved field and requires it to be zero.
    void take_zeros(std::size_t count) {
        if (!is_zero(take(count))) ok_ = false;
    }
    std::size_t remaining() const { return bytes_.size(); }
    bool ok() const { return ok_; }
    /// All fields were there and nothing is left over.
    bool is_exhausted() const { return ok_ && bytes_.empty(); }

private:
    ByteView bytes_;
    bool ok_ = true;
};

} // namespace kaisar
