#include "wallet/derivation.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "wallet/mnemonic.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

struct Vector {
    const char* seed;
    const char* path;
    const char* key;
    const char* chain_code;
};

constexpr const char* seed_1 = "000102030405060708090a0b0c0d0e0f";
constexpr const char* seed_2 =
    "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c69666360"
    "5d5a5754514e4b484542";
constexpr const char* seed_3 =
    "4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4acba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d14"
    "57df2e5a3c51c73235be"; // keys with leading zeros

// BIP-32's test vectors 1 to 3; keys and chain codes taken out of the extended keys by ethers 6.17.
constexpr Vector vectors[] = {
    {seed_1, "m", "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35",
     "873dff81c02f525623fd1fe5167eac3a55a049de3d314bb42ee227ffed37d508"},
    {seed_1, "m/0'", "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea",
     "47fdacbd0f1097043b78c63c20c34ef4ed9a111d980047ad16282c7ae6236141"},
    {seed_1, "m/0'/1", "3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368",
     "2a7857631386ba23dacac34180dd1983734e444fdbf774041578e9b6adb37c19"},
    {seed_1, "m/0h/1/2h", "cbce0d719ecf7431d88e6a89fa1483e02e35092af60c042b1df2ff59fa424dca",
     "04466b9cc8e161e966409ca52986c584f07e9dc81f735db683c3ff6ec7b1503f"},
    {seed_1, "m/0'/1/2'/2/1000000000", "471b76e389e528d6de6d816857e012c5455051cad6660850e58372a6c3e6e7c8",
     "c783e67b921d2beb8f6b389cc646d7263b4145701dadd2161548a8b078e65e9e"},
    {seed_2, "m", "4b03d6fc340455b363f51020ad3ecca4f0850280cf436c70c727923f6db46c3e",
     "60499f801b896d83179a4374aeb7822aaeaceaa0db1f85ee3e904c4defbd9689"},
    {seed_2, "m/0/2147483647'", "877c779ad9687164e9c2f4f0f4ff0340814392330693ce95a58fe18fd52e6e93",
     "be17a268474a6bb9c61e1d720cf6215e2a88c5406c4aee7b38547f585c9a37d9"},
    {seed_2, "m/0/2147483647'/1/2147483646'/2", "bb7d39bdb83ecf58f2fd82b6d918341cbef428661ef01ab97c28a4842125ac23",
     "9452b549be8cea3ecb7a84bec10dcfd94afe4d129ebfd3b3cb58eedf394ed271"},
    {seed_3, "m", "00ddb80b067e0d4993197fe10f2657a844a384589847602d56f0c629c81aae32",
     "01d28a3e53cffa419ec122c968b3259e16b65076495494d97cae10bbfec3c36f"},
    {seed_3, "m/0'", "491f7a2eebc7b57028e0d3faa0acda02e75c33b03c48fb288c41e2ea44e1daef",
     "e5fea12a97b927fc9dc3d2cb0d1ea1cf50aa5a1fdc1f933e8906bb38df3377bd"},
};

std::string address_at(std::string_view passphrase, std::string_view path) {
    const auto mnemonic = parse_mnemonic(bytes_of("test test test test test test test test test test test junk"));
    return format_address(derive_account(derive_seed(mnemonic, bytes_of(passphrase)).view(), path).address());
}

} // namespace

TEST_CASE("keys are those of BIP-32's test vectors") {
    for (const auto& vector : vectors) {
        CAPTURE(vector.path);
        auto key = derive_master_key(*decode_hex(vector.seed));
        for (auto number : parse_derivation_path(vector.path)) {
            REQUIRE(key);
            key = derive_child_key(*key, number);
        }
        REQUIRE(key);
        CHECK(encode_hex(key->key.view()) == vector.key);
        CHECK(encode_hex(key->chain_code.view()) == vector.chain_code);
    }
}

TEST_CASE("accounts are those that anvil, MetaMask and ethers derive") {
    CHECK(address_at("", default_derivation_path) == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    CHECK(address_at("", "m/44'/60'/0'/0/1") == "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
    CHECK(address_at("pass phrase", default_derivation_path) == "0x97d2787f009c24d72B5cD88dAb6e693eA149deA6");
    CHECK(address_at("", "m/44'/60'/1'/0/7") == "0x931D948F347c2EB3a863b8AdF53d12b536960C44");
    CHECK(address_at("", "m") == "0xF5a6EAD936fb47f342Bb63E676479bDdf26EbE1d");
}

TEST_CASE("paths that are none are refused with the part at fault") {
    for (const char* wrong : {"", "44'/60'", "m/", "m//1", "m/x", "m/1''", "m/2147483648", "m/-1", "m/4294967296",
                              "m 1", "m/1/", "M/1", "m/0/0/0/0/0/0/0/0/0/0/0"}) {
        CAPTURE(wrong);
        try {
            parse_derivation_path(wrong);
            FAIL("accepted");
        } catch (const Error& error) {
            CHECK(error.kind() == ErrorKind::usage);
            CHECK(error.hint() == "write it as m/44'/60'/0'/0/0");
        }
    }
}
