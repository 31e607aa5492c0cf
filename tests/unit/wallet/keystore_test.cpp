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
// Of geth's own tests, whose keys were written without their leading zeros; the password is "foo".
constexpr std::string_view short_vectors[][2] = {
    {R"({"crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv": "e0c41130a323adc1446fc82f724bca2f"},
        "ciphertext": "9517cd5bdbe69076f9bf5057248c6c050141e970efa36ce53692d5d59a3984", "kdf": "scrypt",
        "kdfparams": {"dklen": 32, "n": 2, "r": 8, "p": 1,
                      "salt": "711f816911c92d649fb4c84b047915679933555030b3552c1212609b38208c63"},
        "mac": "d5e116151c6aa71470e67a7d42c9620c75c4d23229847dcc127794f0732b0db5"},
        "id": "fecfc4ce-e956-48fd-953b-30f8b52ed66c", "version": 3})",
     "00fa7b3db73dc7dfdf8c5fbdb796d741e4488628c41fc4febd9160a866ba0f35"},
    {R"({"crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv": "3ca92af36ad7c2cd92454c59cea5ef00"},
        "ciphertext": "108b7d34f3442fc26ab1ab90ca91476ba6bfa8c00975a49ef9051dc675aa", "kdf": "scrypt",
        "kdfparams": {"dklen": 32, "n": 2, "r": 8, "p": 1,
                      "salt": "d0769e608fb86cda848065642a9c6fa046845c928175662b8e356c77f914cd3b"},
        "mac": "75d0e6759f7b3cefa319c3be41680ab6beea7d8328653474bd06706d4cc67420"},
        "id": "a37e1559-5955-450d-8075-7b8931b392b2", "version": 3})",
     "000081c29e8142bb6a81bef5a92bda7a8328a5c85bb2f9542e76f9b0f94fc018"}};
// A keystore that geth made, of its own tests; the password is "foobar".
constexpr std::string_view geth_keystore =
    R"({"address":"f466859ead1932d743d622cb74fc058882e8648a","crypto":{"cipher":"aes-128-ctr",)"
    R"("ciphertext":"cb664472deacb41a2e995fa7f96fe29ce744471deb8d146a0e43c7898c9ddd4d","cipherparams":)"
    R"({"iv":"dfd9ee70812add5f4b8f89d0811c9158"},"kdf":"scrypt","kdfparams":{"dklen":32,"n":8,"p":16,"r":8,)"
    R"("salt":"0d6769bf016d45c479213990d6a08d938469c4adad8a02ce507b4a4e7b7739f1"},)"
    R"("mac":"bac9af994b15a45dd39669fc66f9aa8a3b9dd8c22cb16e4d8d7ea089d0f1a1a9"},)"
    R"("id":"472e8b3d-afb6-45b5-8111-72c89895099a","version":3})";
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

TEST_CASE("a keystore that geth made opens") {
    const auto account = decrypt_account(decode_keystore(geth_keystore, "geth"), bytes_of("foobar"));
    CHECK(encode_hex(account.address().bytes) == "f466859ead1932d743d622cb74fc058882e8648a");
}

TEST_CASE("keys that were written without their leading zeros have them again") {
    for (const auto& [vector, key] : short_vectors) {
        const auto account = decrypt_account(decode_keystore(vector, "vector"), bytes_of("foo"));
        CHECK(encode_hex(account.private_key()) == key);
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
    CHECK_THAT(message_after(scrypt_vector, "d172bf", "d172bf00"), Contains("ciphertext"));
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
