#include "crypto/keccak.h"

#include "bytes/hex.h"

#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <string>

using namespace kaisar;

namespace {

Bytes32 openssl_sha3_256(ByteView message) {
    Bytes32 digest;
    unsigned size = 0;
    REQUIRE(EVP_Digest(message.data(), message.size(), digest.data(), &size, EVP_sha3_256(), nullptr) == 1);
    return digest;
}

Bytes sample(std::size_t size) {
    Bytes message(size);
    for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<std::uint8_t>(i * 151 + i / 256);
    return message;
}

} // namespace

TEST_CASE("the sponge with SHA-3's padding is OpenSSL's SHA3-256 at every length from 0 to 1200") {
    for (std::size_t size = 0; size <= 1200; ++size) {
        const auto message = sample(size);
        CAPTURE(size);
        REQUIRE(sponge256({message}, SpongeDomain::sha3) == openssl_sha3_256(message));
    }
}

TEST_CASE("parts are hashed as if they were joined") {
    const auto message = sample(500);
    for (std::size_t at : {0u, 1u, 135u, 136u, 137u, 272u, 499u, 500u})
        CHECK(keccak256({ByteView(message).first(at), {}, ByteView(message).subspan(at)}) == keccak256(message));
}

TEST_CASE("Keccak-256 is the hash that the EVM knows") {
    // Of nothing, of a function's signature (a9059cbb is ERC-20's transfer), and of a type of peaq's machine accounts.
    CHECK(encode_hex(keccak256({})) == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    CHECK(encode_hex(keccak256(bytes_of("transfer(address,uint256)"))).starts_with("a9059cbb"));
    CHECK(encode_hex(keccak256(bytes_of("Execute(address target,bytes data,uint256 nonce)"))) ==
          "1ff1e0e2a8ecfc4e51458a32b21d4053e7cc8220f6b9c2e72223c2169d70df88");
}
