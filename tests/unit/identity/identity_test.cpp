#include "bytes/hex.h"
#include "error/error.h"
#include "identity/did_registry.h"
#include "identity/identity_json.h"
#include "registry/abi.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace kaisar;

namespace {

SignedIdentity an_identity() {
    const auto key = Ed25519Key::from_seed(Bytes(32, 7));
    return sign_identity({.node_public_key = key.public_key(),
                          .owner = {{1}},
                          .chain_id = 3338,
                          .registry = {{2}},
                          .peer_endpoint = "https://peer.example:8443",
                          .peer_public_key = Bytes32{3}},
                         key);
}

} // namespace

TEST_CASE("a key in multibase is as did:key has it") {
    // The example of the did:key method specification; its hexadecimal as ethers.decodeBase58 gives it.
    const auto key = decode_hex_array<32>("2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6");
    CHECK(format_multibase(*key) == "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK");
}

TEST_CASE("an identity survives its file, and one that anybody changed is refused") {
    const auto identity = an_identity();
    const auto text = encode_identity(identity);
    CHECK(decode_identity(text, "identity") == identity);
    for (const auto& [from, to] : {std::pair{"peer.example", "mine.example"}, {"3338", "3339"}, {"0x01", "0x11"}}) {
        auto changed = text;
        changed.replace(changed.find(from), std::string_view(from).size(), to);
        CAPTURE(changed);
        CHECK_THROWS_AS(decode_identity(changed, "identity"), Error);
    }
}

TEST_CASE("every field of an identity is part of what the node key signs and of the document") {
    const auto identity = an_identity();
    const auto document = encode_did_document(identity);
    std::vector<SignedIdentity> others(5, identity);
    others[0].identity.owner.bytes[19] ^= 1;
    others[1].identity.chain_id ^= 1;
    others[2].identity.registry.bytes[19] ^= 1;
    others[3].identity.peer_endpoint += "/";
    others[4].identity.peer_public_key[31] ^= 1;
    CHECK(is_signed(identity));
    for (const auto& other : others) {
        CHECK_FALSE(is_signed(other));
        CHECK(encode_did_document(other) != document);
    }
}

TEST_CASE("calls of the precompile have the selectors that peaq publishes") {
    const auto identity = an_identity();
    CHECK(format_address(did_precompile()) == "0x0000000000000000000000000000000000000800");
    const auto added = write_identity_call(identity, IdentityOnChain::absent);
    const auto updated = write_identity_call(identity, IdentityOnChain::different);
    CHECK(encode_hex(ByteView(added).first(4)) == "cc4a70ca");
    CHECK(encode_hex(ByteView(updated).first(4)) == "68b4b2c1");
    CHECK(encode_hex(abi_selector("readAttribute(address,bytes)")) == "b2028b7d");
}

TEST_CASE("what was seen of an identity survives its file") {
    const auto path = std::filesystem::temp_directory_path() / "kaisar-seen-identity-test";
    std::filesystem::remove(path);
    CHECK_FALSE(find_seen_identity(path));
    const auto seen = make_seen_identity(an_identity(), 9990, Instant(std::chrono::milliseconds(1'700'000'000'123)));
    save_seen_identity(path, seen);
    CHECK(find_seen_identity(path) == seen);
    CHECK(format_rfc3339(seen.seen_at) == "2023-11-14T22:13:20Z");
    std::ofstream(path) << "{}";
    CHECK_THROWS_AS(find_seen_identity(path), Error);
    std::filesystem::remove(path);
}
