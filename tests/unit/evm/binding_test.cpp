#include "evm/binding.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "evm/binding_json.h"
#include "evm/typed_data.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

constexpr std::uint64_t issued = 1790000000, expires = 1800000000;

Secp256k1Key owner_key() {
    return std::move(
        *Secp256k1Key::from_scalar(*decode_hex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")));
}

BindingRequest request_for(const Bytes32& node_public_key) {
    return {.chain_id = 9990,
            .registry = *parse_address("0x46BdE1b8e7c53CF5DDa631a92f5bc2ef445bc5A8"),
            .node_public_key = node_public_key,
            .inventory_hash = array_of<32>(Bytes(32, 0x22))};
}

struct Signed {
    Ed25519Key node = Ed25519Key::from_seed(Bytes(32, 5));
    SignedBinding binding;

    Signed() {
        const auto owner = owner_key();
        binding.binding = make_binding(request_for(node.public_key()), address_of(owner.public_key()), issued, expires);
        binding.owner_signature = owner.sign_digest(binding_digest(binding.binding));
        countersign_binding(binding, node);
    }
};

} // namespace

TEST_CASE("a binding's digest and signature are those of ethers for the same typed data") {
    // ethers 6.17, TypedDataEncoder.hash and Wallet.signTypedData with the domain and the type of docs/wallet.md.
    const auto owner = owner_key();
    const auto binding =
        make_binding(request_for(array_of<32>(Bytes(32, 0x11))), address_of(owner.public_key()), issued, expires);
    const auto digest = binding_digest(binding);
    CHECK(encode_hex(digest) == "03e1f66969a90397dd65752acb2b8edc4e2db33deb83bf242ed2bbca36b3a313");
    CHECK(encode_hex(owner.sign_digest(digest)) ==
          "45a987083acdb184d95497794efe42afd2253e86c5a02bceff3cd992193e3731"
          "66ababe291b86225b230f9a2aefcf206b52b2712226c91f2b3b086afb40d9ba11c");
    CHECK(encode_hex(domain_separator({.name = "Kaisar Worker Registry",
                                       .version = "1",
                                       .chain_id = binding.chain_id,
                                       .verifying_contract = binding.registry})) ==
          "7345121cf36f154aef81c8e479a294b67626d5015378b47927d0ce83fad93c6e");
}

TEST_CASE("a binding holds from its issue to its expiry") {
    const auto signed_binding = Signed().binding;
    CHECK(check_binding(signed_binding, issued, 0) == BindingVerdict::valid);
    CHECK(check_binding(signed_binding, expires - 1, 0) == BindingVerdict::valid);
    CHECK(check_binding(signed_binding, expires, 0) == BindingVerdict::expired);
    CHECK(check_binding(signed_binding, issued - 60, 60) == BindingVerdict::valid);
    CHECK(check_binding(signed_binding, issued - 61, 60) == BindingVerdict::not_yet_valid);
}

TEST_CASE("a binding that expires before it is issued never holds") {
    auto signed_binding = Signed().binding;
    signed_binding.binding.expires_at = signed_binding.binding.issued_at;
    CHECK(check_binding(signed_binding, issued - 1, 3600) == BindingVerdict::expired);
}

TEST_CASE("a change to any field that the owner signed is seen") {
    const auto good = Signed().binding;
    const auto verdict_after = [&](auto change) {
        auto changed = good;
        change(changed.binding);
        return check_binding(changed, issued, 0);
    };
    const auto wrong_owner_signature = BindingVerdict::wrong_owner_signature;
    CHECK(verdict_after([](WorkerBinding& b) { b.chain_id++; }) == wrong_owner_signature);
    CHECK(verdict_after([](WorkerBinding& b) { b.registry.bytes[0] ^= 1; }) == wrong_owner_signature);
    CHECK(verdict_after([](WorkerBinding& b) { b.inventory_hash[0] ^= 1; }) == wrong_owner_signature);
    CHECK(verdict_after([](WorkerBinding& b) { b.owner.bytes[0] ^= 1; }) == wrong_owner_signature);
    CHECK(verdict_after([](WorkerBinding& b) { b.issued_at--; }) == wrong_owner_signature);
    CHECK(verdict_after([](WorkerBinding& b) { b.expires_at++; }) == wrong_owner_signature);
    CHECK(verdict_after([](WorkerBinding& b) { b.node_id[0] ^= 1; }) == BindingVerdict::wrong_node_id);
    CHECK(verdict_after([](WorkerBinding& b) { b.node_public_key[0] ^= 1; }) == BindingVerdict::wrong_node_id);
    CHECK(verdict_after([](WorkerBinding& b) {
              b.node_public_key[0] ^= 1;
              b.node_id = sha256(b.node_public_key);
          }) == wrong_owner_signature);
}

TEST_CASE("the node key's signature is required, and covers the owner's") {
    const Signed good;
    auto changed = good.binding;
    changed.node_signature.reset();
    CHECK(check_binding(changed, issued, 0) == BindingVerdict::missing_node_signature);
    CHECK(check_owner_signature(changed, issued, 0) == BindingVerdict::valid);

    changed = good.binding;
    (*changed.node_signature)[3] ^= 1;
    CHECK(check_binding(changed, issued, 0) == BindingVerdict::wrong_node_signature);

    // The same node signature under a binding issued anew by the same owner.
    changed = good.binding;
    changed.binding.issued_at++;
    changed.owner_signature = owner_key().sign_digest(binding_digest(changed.binding));
    CHECK(check_binding(changed, issued + 1, 0) == BindingVerdict::wrong_node_signature);
}

TEST_CASE("a binding comes back from its JSON as it was") {
    const Signed good;
    CHECK(decode_binding(encode_binding(good.binding), "binding") == good.binding);
    auto plain = good.binding;
    plain.node_signature.reset();
    CHECK(decode_binding(encode_binding(plain), "binding") == plain);
    const auto request = request_for(good.node.public_key());
    CHECK(decode_binding_request(encode_binding_request(request), "request") == request);
}

TEST_CASE("a field of a binding's JSON that is missing or wrong is named") {
    const auto good = encode_binding(Signed().binding);
    const auto message_after = [&](std::string_view from, std::string_view to) {
        auto text = good;
        const auto at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
        try {
            decode_binding(text, "b.json");
        } catch (const Error& error) {
            CHECK(error.kind() == ErrorKind::environment);
            return error.message();
        }
        return std::string("accepted");
    };
    using Catch::Contains;
    CHECK_THAT(message_after("kaisar.binding/1", "kaisar.binding/2"), Contains("schema"));
    CHECK_THAT(message_after("9990", "-1"), Contains("chain_id"));
    CHECK_THAT(message_after("9990", "\"9990\""), Contains("chain_id"));
    CHECK_THAT(message_after("0x46BdE1", "0x46BDE1"), Contains("registry"));
    CHECK_THAT(message_after("\"owner\"", "\"ower\""), Contains("owner"));
    CHECK_THAT(message_after("2026-09-21T14:13:20Z", "2026-09-21T14:13:20.5Z"), Contains("issued_at"));
    CHECK_THAT(message_after("2026-09-21T14:13:20Z", "1969-09-21T14:13:20Z"), Contains("issued_at"));
    CHECK_THAT(message_after("2027-01-15T08:00:00Z", "soon"), Contains("expires_at"));
    CHECK_THAT(message_after("\"node_signature\": \"0x", "\"node_signature\": \"0x00"), Contains("node_signature"));
    CHECK_THAT(message_after("\"owner_signature\": \"0x", "\"owner_signature\": \"0xzz"), Contains("owner_signature"));
    CHECK_THROWS_AS(decode_binding(good.substr(0, good.size() / 2), "b.json"), Error);
    CHECK_THROWS_AS(decode_binding(good + std::string(binding_json_limit_bytes, ' '), "b.json"), Error);
}
