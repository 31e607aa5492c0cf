#include "bytes/hex.h"
#include "transaction/uint256.h"

#include <catch2/catch.hpp>

using namespace kaisar;

TEST_CASE("numbers survive their words and their decimals") {
    for (const std::string text :
         {"0", "1", "18446744073709551615", "18446744073709551616", "340282366920938463463374607431768211456",
          "115792089237316195423570985008687907853269984665640564039457584007913129639935"}) {
        const auto value = parse_decimal(text);
        REQUIRE(value);
        CHECK(format_decimal(*value) == text);
        CHECK(Uint256::from_word(value->word()) == *value);
    }
    CHECK(encode_hex(Uint256(0x0102).word()) == std::string(60, '0') + "0102");
    CHECK(Uint256(7).narrow() == 7);
    CHECK_FALSE((Uint256(UINT64_MAX) + Uint256(1)).narrow());
}

TEST_CASE("what is no number of 256 bits is refused") {
    for (const std::string text : {"", "-1", "+1", "1.", " 1", "0x10", "1e3",
                                   "115792089237316195423570985008687907853269984665640564039457584007913129639936",
                                   "999999999999999999999999999999999999999999999999999999999999999999999999999999999"})
        CHECK_FALSE(parse_decimal(text));
}

TEST_CASE("sums and products carry, and stop at the largest number") {
    const auto big = Uint256::max();
    CHECK(big + Uint256(1) == big);
    CHECK(big * 2 == big);
    CHECK(Uint256(UINT64_MAX) * UINT64_MAX + Uint256(UINT64_MAX) + Uint256(UINT64_MAX) ==
          *parse_decimal("340282366920938463463374607431768211455"));
    CHECK(*parse_decimal("340282366920938463463374607431768211456") - Uint256(1) ==
          *parse_decimal("340282366920938463463374607431768211455"));
    CHECK(big - big == Uint256());
    CHECK(big / 10 * 10 + Uint256(big % 10) == big);
    CHECK(Uint256(3) < Uint256(4));
    CHECK(*parse_decimal("18446744073709551616") > Uint256(UINT64_MAX));
}

TEST_CASE("amounts are read and written with a currency's digits") {
    CHECK(format_amount(*parse_decimal("1500000000000000000")) == "1.5");
    CHECK(format_amount(Uint256(1)) == "0.000000000000000001");
    CHECK(format_amount(Uint256()) == "0");
    CHECK(format_amount(Uint256(1234), 0) == "1234");
    CHECK(parse_amount("1.5") == parse_decimal("1500000000000000000"));
    CHECK(parse_amount("0.000000000000000001") == Uint256(1));
    CHECK(parse_amount("12", 0) == Uint256(12));
    for (const std::string text : {"", ".5", "1.", "1,5", "-1", "0.0000000000000000001", "1.5.5", "1 "})
        CHECK_FALSE(parse_amount(text));
}
