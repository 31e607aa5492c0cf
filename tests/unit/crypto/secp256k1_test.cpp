#include "crypto/secp256k1.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "crypto/keccak.h"

#include <catch2/catch.hpp>
#include <string>

using namespace kaisar;

namespace {

constexpr std::string_view group_order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

Secp256k1Key key_of(std::uint8_t number) {
    Bytes32 scalar{};
    scalar[31] = number;
    return std::move(*Secp256k1Key::from_scalar(scalar));
}

/// order - s, which makes the other signature of the same message.
void negate_s(Signature65& signature) {
    const auto order = *decode_hex(group_order);
    int borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
        const int difference = order[i] - signature[32 + i] - borrow;
        borrow = difference < 0 ? 1 : 0;
        signature[32 + i] = static_cast<std::uint8_t>(difference + 256 * borrow);
    }
    signature[64] = static_cast<std::uint8_t>(27 + 28 - signature[64]);
}

} // namespace

TEST_CASE("a hundred signatures are those of ethers, byte for byte") {
    // ethers 6.17: for i in 1..100: chain = keccak256(chain || SigningKey(i).sign(keccak256("digest i")).serialized)
    Bytes chain;
    for (std::uint8_t i = 1; i <= 100; ++i) {
        const auto digest = keccak256(bytes_of("digest " + std::to_string(i)));
        append(chain, key_of(i).sign_digest(digest));
        const auto next = keccak256(chain);
        chain.assign(next.begin(), next.end());
    }
    CHECK(encode_hex(chain) == "09c1f15081bfd13af293abd30e562f29cb0faa0742991248e9d8e418b8f357e8");
}

TEST_CASE("the signer's key is recovered from a signature, and another from another digest") {
    for (int i = 0; i < 20; ++i) {
        const auto key = Secp256k1Key::generate();
        const auto digest = random_array<32>();
        const auto signature = key.sign_digest(digest);
        CHECK(recover_public_key(digest, signature) == key.public_key());
        CHECK(recover_public_key(random_array<32>(), signature) != key.public_key());
    }
}

TEST_CASE("the same signature with s in the upper half is refused") {
    const auto key = key_of(7);
    const auto digest = keccak256(bytes_of("malleable"));
    auto signature = key.sign_digest(digest);
    negate_s(signature);
    CHECK_FALSE(recover_public_key(digest, signature));
    negate_s(signature);
    CHECK(recover_public_key(digest, signature) == key.public_key());
}

TEST_CASE("signatures that are out of range are refused") {
    const auto digest = keccak256(bytes_of("range"));
    const auto good = key_of(9).sign_digest(digest);
    for (int v : {0, 1, 2, 26, 29, 30, 255}) {
        auto signature = good;
        signature[64] = static_cast<std::uint8_t>(v);
        CHECK_FALSE(recover_public_key(digest, signature));
    }
    for (std::size_t half : {0u, 32u}) {
        auto zero = good;
        std::fill_n(zero.begin() + static_cast<std::ptrdiff_t>(half), 32, std::uint8_t{0});
        CHECK_FALSE(recover_public_key(digest, zero));
        auto large = good;
        std::fill_n(large.begin() + static_cast<std::ptrdiff_t>(half), 32, std::uint8_t{0xff});
        CHECK_FALSE(recover_public_key(digest, large));
    }
}

TEST_CASE("scalars that are no private key are refused") {
    CHECK_FALSE(Secp256k1Key::from_scalar(Bytes32{}));
    CHECK_FALSE(Secp256k1Key::from_scalar(*decode_hex(group_order)));
    CHECK_FALSE(Secp256k1Key::from_scalar(Bytes(31, 1)));
    CHECK_FALSE(Secp256k1Key::from_scalar(Bytes(33, 1)));
    auto largest = *decode_hex(group_order);
    largest[31]--;
    CHECK(Secp256k1Key::from_scalar(largest));
}

TEST_CASE("adding to a scalar wraps at the group order") {
    auto largest = *decode_hex(group_order);
    largest[31]--;
    Bytes32 one{}, two{};
    one[31] = 1;
    two[31] = 2;
    CHECK_FALSE(add_to_scalar(largest, one)); // zero
    const auto sum = add_to_scalar(largest, two);
    REQUIRE(sum);
    CHECK(array_of<32>(sum->view()) == one);
    CHECK_FALSE(add_to_scalar(one, *decode_hex(group_order)));
}

TEST_CASE("public keys are those of the curve") {
    // The generator, SEC 2 section 2.4.1.
    CHECK(encode_hex(key_of(1).public_key()) == "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
                                                "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
    CHECK(encode_hex(compress_public_key(key_of(1).public_key())) ==
          "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    CHECK(compress_public_key(key_of(6).public_key())[0] == 0x03);
}
