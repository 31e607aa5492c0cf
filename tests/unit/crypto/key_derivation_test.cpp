#include "crypto/key_derivation.h"

#include "bytes/hex.h"

#include <catch2/catch.hpp>
#include <string>

using namespace kaisar;

namespace {

std::string hex_of(const Secret& secret) { return encode_hex(secret.view()); }

} // namespace

TEST_CASE("scrypt answers the vectors of RFC 7914") {
    CHECK(hex_of(derive_by_scrypt({}, {}, {.n = 16, .r = 1, .p = 1}, 64)) ==
          "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
          "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
    CHECK(hex_of(derive_by_scrypt(bytes_of("password"), bytes_of("NaCl"), {.n = 1024, .r = 8, .p = 16}, 64)) ==
          "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
          "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
    CHECK(hex_of(derive_by_scrypt(bytes_of("pleaseletmein"), bytes_of("SodiumChloride"), {.n = 16384, .r = 8, .p = 1},
                                  64)) == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                                          "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

TEST_CASE("PBKDF2 answers the vectors of RFC 7914 section 11") {
    CHECK(hex_of(derive_by_pbkdf2(Pbkdf2Hash::sha256, bytes_of("passwd"), bytes_of("salt"), 1, 64)) ==
          "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
          "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
    CHECK(hex_of(derive_by_pbkdf2(Pbkdf2Hash::sha256, bytes_of("Password"), bytes_of("NaCl"), 80000, 64)) ==
          "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
          "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d");
}

TEST_CASE("HMAC-SHA-512 answers the vectors of RFC 4231") {
    CHECK(hex_of(hmac_sha512(Bytes(20, 0x0b), bytes_of("Hi There"))) ==
          "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
          "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
    CHECK(hex_of(hmac_sha512(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))) ==
          "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
          "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

TEST_CASE("AES-128-CTR answers the vector of NIST SP 800-38A section F.5.1, and undoes itself") {
    const auto key = *decode_hex("2b7e151628aed2a6abf7158809cf4f3c");
    const auto iv = *decode_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    const auto plain = *decode_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    const auto encrypted = apply_aes128_ctr(key, iv, plain);
    CHECK(hex_of(encrypted) == "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff");
    CHECK(hex_of(apply_aes128_ctr(key, iv, encrypted.view())) == encode_hex(plain));
}
