#include "evm/address.h"

#include "bytes/hex.h"
#include "crypto/keccak.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

std::string with_case(std::string text, int (*change)(int)) {
    std::transform(text.begin() + 2, text.end(), text.begin() + 2,
                   [&](char c) { return static_cast<char>(change(c)); });
    return text;
}

} // namespace

TEST_CASE("the addresses that EIP-55 lists keep their checksums") {
    for (const std::string text :
         {"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
          "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
          "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
          "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"}) {
        CAPTURE(text);
        const auto address = parse_address(text);
        REQUIRE(address);
        CHECK(format_address(*address) == text);
        CHECK(parse_address(text.substr(2)) == address);
        CHECK(parse_address(with_case(text, std::tolower)) == address);
        CHECK(parse_address(with_case(text, std::toupper)) == address);
    }
}

TEST_CASE("one letter in the wrong case is seen") {
    const std::string good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    for (std::size_t i = 2; i < good.size(); ++i) {
        if (std::isalpha(static_cast<unsigned char>(good[i])) == 0) continue;
        auto wrong = good;
        wrong[i] = static_cast<char>(wrong[i] ^ 0x20);
        CAPTURE(wrong);
        CHECK_FALSE(parse_address(wrong));
    }
}

TEST_CASE("texts that are no address are refused") {
    for (const char* wrong :
         {"", "0x", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd",
          "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00",
          " 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "vitalik.eth"})
        CHECK_FALSE(parse_address(wrong));
}

TEST_CASE("an account's address follows from its key, and its signatures lead back to it") {
    // web3.js documentation's account.
    const auto key =
        Secp256k1Key::from_scalar(*decode_hex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"));
    REQUIRE(key);
    const auto address = address_of(key->public_key());
    CHECK(format_address(address) == "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23");
    const auto digest = keccak256(bytes_of("anything"));
    CHECK(recover_address(digest, key->sign_digest(digest)) == address);
    CHECK_FALSE(recover_address(digest, Signature65{}));
}
