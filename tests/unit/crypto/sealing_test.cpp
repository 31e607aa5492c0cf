#include "bytes/hex.h"
#include "crypto/sealing.h"

#include <catch2/catch.hpp>

using namespace kaisar;

TEST_CASE("XChaCha20-Poly1305 is that of draft-irtf-cfrg-xchacha A.3.1") {
    const auto key = *decode_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    const auto nonce = *decode_hex("404142434445464748494a4b4c4d4e4f5051525354555657");
    const auto header = *decode_hex("50515253c0c1c2c3c4c5c6c7");
    const auto text = bytes_of("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
                               "future, sunscreen would be it.");
    const auto sealed = seal(key, nonce, header, text);
    CHECK(encode_hex(ByteView(sealed).first(16)) == "bd6d179d3e83d43b9576579493c0e939");
    CHECK(encode_hex(ByteView(sealed).last(16)) == "c0875924c1c7987947deafd8780acf49");
    CHECK(text_of(unseal(key, nonce, header, sealed)->view()) == text_of(text));
    auto changed = sealed;
    changed[0] ^= 1;
    CHECK_FALSE(unseal(key, nonce, header, changed));
    CHECK_FALSE(unseal(key, nonce, {}, sealed));
    CHECK_FALSE(unseal(key, nonce, header, ByteView(sealed).first(16)));
}

TEST_CASE("Argon2id gives what the reference program gives") {
    // echo -n password | argon2 somesaltsomesalt -id -t 2 -k 65536 -p 1 -l 32 -r
    const auto key = derive_by_argon2id(bytes_of("password"), bytes_of("somesaltsomesalt"),
                                        {.passes = 2, .memory_bytes = 65536 * 1024});
    CHECK(encode_hex(key.view()) == "fc33b78139231d34b71626bd6245c1d72efa190ad605c3d8166a72adcedfa2c2");
}
