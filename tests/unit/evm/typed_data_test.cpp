#include "evm/typed_data_json.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "evm/typed_data.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

// The example of EIP-712 itself.
constexpr std::string_view mail = R"({
  "types": {
    "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "version", "type": "string"},
                     {"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}],
    "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
    "Mail": [{"name": "from", "type": "Person"}, {"name": "to", "type": "Person"}, {"name": "contents", "type": "string"}]
  },
  "primaryType": "Mail",
  "domain": {"name": "Ether Mail", "version": "1", "chainId": 1,
             "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"},
  "message": {"from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
              "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"}, "contents": "Hello, Bob!"}
})";

// Every kind of type there is, at its limits; the domain's type is left out.
constexpr std::string_view everything = R"({
  "types": {
    "All": [{"name": "i8", "type": "int8"}, {"name": "i256", "type": "int256"}, {"name": "u256", "type": "uint256"},
            {"name": "u64", "type": "uint64"}, {"name": "flag", "type": "bool"}, {"name": "b4", "type": "bytes4"},
            {"name": "data", "type": "bytes"}, {"name": "text", "type": "string"}, {"name": "who", "type": "address[2]"},
            {"name": "grid", "type": "uint16[][2]"}, {"name": "parts", "type": "Part[]"}],
    "Part": [{"name": "leaf", "type": "Leaf"}, {"name": "n", "type": "uint8"}],
    "Leaf": [{"name": "s", "type": "string"}]
  },
  "primaryType": "All",
  "domain": {"name": "All", "salt": "0x3333333333333333333333333333333333333333333333333333333333333333"},
  "message": {"i8": -128, "i256": "-57896044618658097711785492504343953926634992332820282019728792003956564819968",
    "u256": "115792089237316195423570985008687907853269984665640564039457584007913129639935", "u64": "0xffffffffffffffff",
    "flag": true, "b4": "0xdeadbeef", "data": "0x010203", "text": "Zürich – ☃",
    "who": ["0x2c7536E3605D9C16a7a3D7b1898e529396a65c23", "0x0000000000000000000000000000000000000001"],
    "grid": [[1, 2, "3"], []], "parts": [{"leaf": {"s": "a"}, "n": 1}, {"leaf": {"s": ""}, "n": 255}]}
})";

std::string message_after(std::string_view document, std::string_view from, std::string_view to) {
    std::string text(document);
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    try {
        typed_data_json_digest(text, "data.json");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::environment);
        return error.message();
    }
    return "accepted";
}

} // namespace

TEST_CASE("EIP-712's example has the digest that EIP-712 gives") {
    CHECK(encode_hex(typed_data_json_digest(mail, "mail.json")) ==
          "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
}

TEST_CASE("every kind of type has the digest that ethers gives") {
    // ethers 6.17: TypedDataEncoder.hash
    CHECK(encode_hex(typed_data_json_digest(everything, "all.json")) ==
          "e1de7fd10d9eaae0107075b1e361537154cda4ea7812f8bccff6db37e9998518");
}

TEST_CASE("a value that does not fit its type is named") {
    using Catch::Contains;
    CHECK_THAT(message_after(everything, "-128", "-129"), Contains("message.i8: expected an integer that fits int8"));
    CHECK_THAT(message_after(everything, "-128", "1.5"), Contains("message.i8"));
    CHECK_THAT(message_after(everything, "0xffffffffffffffff", "0x10000000000000000"), Contains("message.u64"));
    CHECK_THAT(message_after(everything, "true", "1"), Contains("message.flag: expected true or false, got 1"));
    CHECK_THAT(message_after(everything, "0xdeadbeef", "0xdeadbe"), Contains("message.b4: expected bytes4"));
    CHECK_THAT(message_after(everything, "0x010203", "010203"), Contains("message.data"));
    CHECK_THAT(message_after(everything, "\"Zürich – ☃\"", "7"), Contains("message.text: expected a string"));
    CHECK_THAT(message_after(everything, "0x2c7536E3", "0x2C7536E3"),
               Contains("message.who[0]: expected an EVM address"));
    CHECK_THAT(message_after(everything, "[[1, 2, \"3\"], []]", "[[1]]"),
               Contains("message.grid: expected an array of type uint16[][2]"));
    CHECK_THAT(message_after(everything, "[[1, 2, \"3\"], []]", "[[1], 2]"), Contains("message.grid[1]"));
    CHECK_THAT(message_after(everything, "\"n\": 255", "\"n\": 256"), Contains("message.parts[1].n"));
    CHECK_THAT(message_after(everything, "{\"s\": \"a\"}", "[]"),
               Contains("message.parts[0].leaf: expected an object of type Leaf"));
}

TEST_CASE("what the signature would not cover is refused") {
    using Catch::Contains;
    CHECK_THAT(message_after(mail, "\"contents\": \"Hello, Bob!\"", "\"contents\": \"\", \"amount\": 5"),
               Contains("message.amount: expected no such member"));
    CHECK_THAT(message_after(mail, "\"chainId\": 1,", "\"chainId\": 1, \"salt\": \"0x00\","), Contains("domain.salt"));
    CHECK_THAT(message_after(mail, ", \"contents\": \"Hello, Bob!\"", ""), Contains("a member \"contents\" (string)"));
}

TEST_CASE("types that are wrong are named") {
    using Catch::Contains;
    CHECK_THAT(message_after(mail, "\"type\": \"Person\"", "\"type\": \"Persona\""), Contains("types.Mail.from"));
    CHECK_THAT(message_after(mail, "\"type\": \"uint256\"", "\"type\": \"uint\""),
               Contains("types.EIP712Domain.chainId"));
    for (const char* wrong : {"uint7", "uint0", "uint264", "uint08", "bytes0", "bytes33", "int-8", "string[",
                              "string[x]", "string]", "string[]x"})
        CHECK_THAT(message_after(mail, "\"contents\", \"type\": \"string\"",
                                 "\"contents\", \"type\": \"" + std::string(wrong) + "\""),
                   Contains("types.Mail.contents"));
    CHECK_THAT(message_after(mail, "\"primaryType\": \"Mail\"", "\"primaryType\": \"Letter\""),
               Contains("primaryType"));
    CHECK_THAT(message_after(mail, "\"primaryType\": \"Mail\"", "\"primaryType\": \"EIP712Domain\""),
               Contains("primaryType"));
    CHECK_THAT(message_after(mail, "\"Person\": [", "\"address\": [], \"Person\": ["), Contains("address"));
    CHECK_THAT(message_after(mail, "{\"name\": \"wallet\", \"type\"", "{\"name\": \"name\", \"type\""),
               Contains("name"));
    CHECK_THAT(message_after(mail, "{\"name\": \"wallet\", \"type\"", "{\"name\": \"a,b\", \"type\""),
               Contains("name"));
    CHECK_THAT(message_after(mail, "\"types\"", "\"typos\""), Contains("types"));
}

TEST_CASE("a type may contain itself where the data ends") {
    constexpr std::string_view tree =
        R"({"types": {"Node": [{"name": "children", "type": "Node[]"}]}, "primaryType": "Node",
        "domain": {}, "message": {"children": [{"children": []}, {"children": [{"children": []}]}]}})";
    // ethers refuses recursive types; this digest is put together from its keccak256 by the definition of hashStruct.
    CHECK(encode_hex(typed_data_json_digest(tree, "tree.json")) ==
          "21c842eeb1e487f9c1bb3b1582df7aa1c7f423feea0ce56f175aabfacb62d3c4");
}

TEST_CASE("a personal message has the digest that ethers gives") {
    // ethers 6.17: hashMessage
    CHECK(encode_hex(personal_message_digest(bytes_of("hello"))) ==
          "50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750");
    CHECK(encode_hex(personal_message_digest({})) ==
          "5f35dce98ba4fba25530a026ed80b2cecdaa31091ba4958b99b52ea1d068adad");
    CHECK(encode_hex(personal_message_digest(Bytes(100, 'a'))) ==
          "90b496d4433ae2fe10bba2f73ca6a210a57d8499db0ae5dfb05f3fbeeff2b0cf");
}
