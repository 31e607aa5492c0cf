#include "bytes/hex.h"

#include <catch2/catch.hpp>

using namespace kaisar;

TEST_CASE("hexadecimal is written in lower case and read in either") {
    const Bytes bytes{0x00, 0x9f, 0xAB, 0xff};
    CHECK(encode_hex(bytes) == "009fabff");
    CHECK(encode_hex_prefixed(bytes) == "0x009fabff");
    CHECK(decode_hex("009FabFF") == bytes);
    CHECK(decode_hex("0x009fabff") == bytes);
    CHECK(decode_hex("") == Bytes{});
}

TEST_CASE("hexadecimal of odd length or with another character is refused") {
    CHECK_FALSE(decode_hex("0"));
    CHECK_FALSE(decode_hex("0x0"));
    CHECK_FALSE(decode_hex("0g"));
    CHECK_FALSE(decode_hex("00 "));
    CHECK_FALSE(decode_hex("0x0x00"));
    CHECK_FALSE(decode_hex_array<4>("000000"));
    CHECK(decode_hex_array<3>("010203") == ByteArray<3>{1, 2, 3});
}

TEST_CASE("base64 gives the answers of RFC 4648 section 10 both ways") {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) {
        CHECK(encode_base64(bytes_of(plain)) == encoded);
        const auto decoded = decode_base64(encoded);
        REQUIRE(decoded);
        CHECK(text_of(*decoded) == plain);
    }
}

TEST_CASE("base64 that is not the one spelling of its bytes is refused") {
    for (const char* wrong : {"Zg=", "Zg", "Zg===", "Z g=", "Zg==\n", "Zh==", "Zm9=", "====", "=Zg=", "Zm9v=", "-_8="})
        CHECK_FALSE(decode_base64(wrong));
}
