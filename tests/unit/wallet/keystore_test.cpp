#include "wallet/keystore_json.h"

#include "bytes/hex.h"
#include "error/error.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

// The test vectors of the Web3 Secret Storage definition; both hold the same key under "testpassword".
constexpr std::string_view scrypt_vector = R"({
    "crypto": {
        "cipher": "aes-128-ctr", "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {"dklen": 32, "n": 262144, "r": 1, "p": 8,
                      "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3
})";
constexpr std::string_view pbkdf2_vector = R"({
    "crypto": {
        "cipher": "aes-128-ctr", "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {"c": 262144, "dklen": 32, "prf": "hmac-sha256",
                      "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3
})";
constexpr std::string_view vector_key = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
constexpr ScryptCost quick{.n = 2, .r = 8, .p = 1};

Account sample_account() { return std::move(*Account::from_private_key(*decode_hex(vector_key))); }

std::string replaced(std::string_view document, std::string_view from, std::string_view to) {
    std::string text(document);
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

/// The message of the Error(wallet) that this throws.
template <class Function>
std::string message_of(Function function) {
    try {
        function();
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::wallet);
        CHECK_FALSE(error.hint().empty());
        return error.message();
    }
    return "accepted";
}

} // namespace

TEST_CASE("the vectors of Web3 Secret Storage open, with scrypt and with PBKDF2") {
    for (auto vector : {scrypt_vector, pbkdf2_vector}) {
        const auto account = decrypt_account(decode_keystore(vector, "vector"), bytes_of("testpassword"));
        CHECK(encode_hex(account.private_key()) == vector_key);
        CHECK(format_address(account.address()) == "0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b");
    }
}

TEST_CASE("a wrong password is a wrong password") {
    const auto keystore = encrypt_account(sample_account(), bytes_of("right"), "", quick);
    for (const char* wrong : {"", "Right", "right ", "righ"})
        CHECK(message_of([&] { decrypt_account(keystore, bytes_of(wrong)); }) ==
              "wrong password for 0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b");
    CHECK(decrypt_account(keystore, bytes_of("right")).address() == sample_account().address());
}

TEST_CASE("a keystore comes back from its JSON as it was") {
    auto keystore = encrypt_account(sample_account(), bytes_of("p"), "m/44'/60'/0'/0/0", quick);
    CHECK(decode_keystore(encode_keystore(keystore), "k") == keystore);
    keystore.path.clear();
    keystore.address.reset();
    keystore.cost = Pbkdf2Cost{1000};
    CHECK(decode_keystore(encode_keystore(keystore), "k") == keystore);
}

TEST_CASE("the same key under the same password is never encrypted the same way") {
    const auto one = encrypt_account(sample_account(), bytes_of("p"), "", quick);
    const auto two = encrypt_account(sample_account(), bytes_of("p"), "", quick);
    CHECK(one.salt != two.salt);
    CHECK(one.iv != two.iv);
    CHECK(one.ciphertext != two.ciphertext);
    CHECK(one.id != two.id);
}

TEST_CASE("ethers' spelling of the crypto field is read, and an address with or without 0x") {
    const auto text = replaced(scrypt_vector, "\"crypto\"",
                               "\"address\": \"0x008aeeda4d805471df9b2a5b0f38a0c3bcba786b\", \"Crypto\"");
    CHECK(decode_keystore(text, "k").address == sample_account().address());
    CHECK(decode_keystore(replaced(text, "0x008a", "008a"), "k").address == sample_account().address());
}

TEST_CASE("a keystore whose address is not its key's is not used") {
    auto keystore = encrypt_account(sample_account(), bytes_of("p"), "", quick);
    keystore.address->bytes[19] ^= 1;
    CHECK_THAT(message_of([&] { decrypt_account(keystore, bytes_of("p")); }),
               Catch::Contains("says that it is") && Catch::Contains("0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b"));
}

TEST_CASE("a changed ciphertext is seen") {
    auto keystore = encrypt_account(sample_account(), bytes_of("p"), "", quick);
    keystore.ciphertext[0] ^= 1;
    CHECK_THAT(message_of([&] { decrypt_account(keystore, bytes_of("p")); }), Catch::Contains("wrong password"));
}

TEST_CASE("a field that is missing or wrong is named") {
    const auto message_after = [](std::string_view document, std::string_view from, std::string_view to) {
        const auto text = replaced(document, from, to);
        return message_of([&] { decode_keystore(text, "k.json"); });
    };
    using Catch::Contains;
    CHECK_THAT(message_after(scrypt_vector, "\"version\": 3", "\"version\": 1"), Contains("version"));
    CHECK_THAT(message_after(scrypt_vector, "\"version\"", "\"address\": \"0x12\", \"version\""), Contains("address"));
    CHECK_THAT(message_after(scrypt_vector, "\"crypto\"", "\"krypto\""), Contains("crypto"));
    CHECK_THAT(message_after(scrypt_vector, "aes-128-ctr", "aes-128-cbc"), Contains("cipher"));
    CHECK_THAT(message_after(scrypt_vector, "83dbcc", "83db"), Contains("iv"));
    CHECK_THAT(message_after(scrypt_vector, "d172bf", "d172"), Contains("ciphertext"));
    CHECK_THAT(message_after(scrypt_vector, "\"mac\": \"2103", "\"mac\": \"21"), Contains("mac"));
    CHECK_THAT(message_after(scrypt_vector, "\"scrypt\"", "\"argon2id\""), Contains("kdf"));
    CHECK_THAT(message_after(scrypt_vector, "\"dklen\": 32", "\"dklen\": 16"), Contains("dklen"));
    CHECK_THAT(message_after(scrypt_vector, "\"dklen\": 32", "\"dklen\": 1000000"), Contains("dklen"));
    CHECK_THAT(message_after(pbkdf2_vector, "hmac-sha256", "hmac-sha1"), Contains("prf"));
    CHECK_THAT(message_after(pbkdf2_vector, "\"version\": 3", "\"version\": 3 extra"), Contains("not valid JSON"));
    const std::string long_text = std::string(scrypt_vector) + std::string(keystore_limit_bytes, ' ');
    CHECK_THAT(message_of([&] { decode_keystore(long_text, "k.json"); }), Contains("k.json is too long"));
}

TEST_CASE("costs that would eat the machine, or are none, are refused before anything is computed") {
    const auto message_for = [](std::string_view cost) {
        const auto text = replaced(scrypt_vector, "\"n\": 262144, \"r\": 1, \"p\": 8", cost);
        return message_of([&] { decode_keystore(text, "k.json"); });
    };
    for (const char* cost :
         {"\"n\": 0, \"r\": 8, \"p\": 1", "\"n\": 1, \"r\": 8, \"p\": 1", "\"n\": 262143, \"r\": 8, \"p\": 1",
          "\"n\": 9223372036854775808, \"r\": 8, \"p\": 1", "\"n\": 2, \"r\": 0, \"p\": 1",
          "\"n\": 16777216, \"r\": 8, \"p\": 1", "\"n\": 2, \"r\": 18446744073709551615, \"p\": 1",
          "\"n\": 262144, \"r\": 8, \"p\": 0", "\"n\": 262144, \"r\": 8, \"p\": 100",
          "\"n\": 4, \"r\": 4, \"p\": 4611686018427387904", "\"n\": -2, \"r\": 8, \"p\": 1"}) {
        CAPTURE(cost);
        CHECK(message_for(cost) != "accepted");
    }
    CHECK(message_for("\"n\": 1048576, \"r\": 8, \"p\": 1") == "accepted");
    for (const char* iterations : {"\"c\": 0", "\"c\": 10000001", "\"c\": 4294967297"})
        CHECK_THAT(message_of([&] { decode_keystore(replaced(pbkdf2_vector, "\"c\": 262144", iterations), "k"); }),
                   Catch::Contains("\"c\""));
}
