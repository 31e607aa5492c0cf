#include "evm/word.h"

#include "bytes/hex.h"

#include <catch2/catch.hpp>
#include <string>

using namespace kaisar;

namespace {

std::string unsigned_word(std::string_view text, unsigned bits) {
    const auto word = parse_word(text, bits, Signedness::is_unsigned);
    return word ? encode_hex(*word) : "none";
}

std::string signed_word(std::string_view text, unsigned bits) {
    const auto word = parse_word(text, bits, Signedness::is_signed);
    return word ? encode_hex(*word) : "none";
}

std::string word(std::string_view end, char fill) { return std::string(64 - end.size(), fill) + std::string(end); }

} // namespace

TEST_CASE("integers become big-endian words") {
    CHECK(encode_hex(word_of(std::uint64_t{0x0102030405060708})) == word("0102030405060708", '0'));
    CHECK(unsigned_word("0", 8) == word("0", '0'));
    CHECK(unsigned_word("255", 8) == word("ff", '0'));
    CHECK(unsigned_word("0xFf", 8) == word("ff", '0'));
    CHECK(unsigned_word("0000000000000000000000000000000000000000000000000000000000000000000000000000000000000007",
                        8) == word("7", '0'));
    CHECK(unsigned_word("115792089237316195423570985008687907853269984665640564039457584007913129639935", 256) ==
          word("", 'f'));
}

TEST_CASE("negative integers are two's complement over the whole word") {
    CHECK(signed_word("-1", 8) == word("", 'f'));
    CHECK(signed_word("-128", 8) == word("80", 'f'));
    CHECK(signed_word("127", 8) == word("7f", '0'));
    CHECK(signed_word("-0", 8) == word("", '0'));
    CHECK(signed_word("-0x100", 16) == word("00", 'f'));
    CHECK(signed_word("-57896044618658097711785492504343953926634992332820282019728792003956564819968", 256) ==
          "8" + std::string(63, '0'));
}

TEST_CASE("integers that do not fit their type, or are none, are refused") {
    CHECK(unsigned_word("256", 8) == "none");
    CHECK(unsigned_word("-1", 8) == "none");
    CHECK(unsigned_word("115792089237316195423570985008687907853269984665640564039457584007913129639936", 256) ==
          "none");
    CHECK(unsigned_word("0x1" + std::string(64, '0'), 256) == "none");
    CHECK(signed_word("128", 8) == "none");
    CHECK(signed_word("-129", 8) == "none");
    CHECK(signed_word("57896044618658097711785492504343953926634992332820282019728792003956564819968", 256) == "none");
    CHECK(signed_word("-57896044618658097711785492504343953926634992332820282019728792003956564819969", 256) == "none");
    for (const char* wrong : {"", "-", "0x", "-0x", "1e3", "1.0", " 1", "1 ", "+1", "a", "0xg", "--1", "1_000"})
        CHECK(signed_word(wrong, 256) == "none");
}
