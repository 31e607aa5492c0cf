#include "bytes/little_endian.h"

#include <catch2/catch.hpp>

using namespace kaisar;

TEST_CASE("what a writer puts, a reader gets, lowest byte first") {
    const auto bytes = ByteWriter{}
                           .put(std::uint8_t{0x01})
                           .put(std::uint16_t{0x0302})
                           .put(std::uint32_t{0x07060504})
                           .put(std::uint64_t{0x0f0e0d0c0b0a0908})
                           .put_zeros(2)
                           .take();
    REQUIRE(bytes.size() == 17);
    for (std::size_t i = 0; i < 15; ++i) CHECK(bytes[i] == i + 1);
    ByteReader reader(bytes);
    CHECK(reader.get<std::uint8_t>() == 0x01);
    CHECK(reader.get<std::uint16_t>() == 0x0302);
    CHECK(reader.get<std::uint32_t>() == 0x07060504);
    CHECK(reader.get<std::uint64_t>() == 0x0f0e0d0c0b0a0908);
    reader.take_zeros(2);
    CHECK(reader.is_exhausted());
}

TEST_CASE("reading past the end yields zeros and is remembered") {
    const Bytes bytes{1, 2, 3};
    ByteReader reader(bytes);
    CHECK(reader.get<std::uint32_t>() == 0);
    CHECK_FALSE(reader.ok());
    CHECK(reader.get<std::uint8_t>() == 0);
    CHECK_FALSE(reader.is_exhausted());
}

TEST_CASE("bytes that are left over mean a message is not exhausted") {
    const Bytes bytes{1, 2};
    ByteReader reader(bytes);
    reader.get<std::uint8_t>();
    CHECK(reader.ok());
    CHECK_FALSE(reader.is_exhausted());
    CHECK(reader.remaining() == 1);
}

TEST_CASE("a reserved field that is not zero is refused") {
    const Bytes bytes{0, 1, 0};
    ByteReader reader(bytes);
    reader.take_zeros(3);
    CHECK_FALSE(reader.ok());
}
