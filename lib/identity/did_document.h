/// Who a worker is, as peaq's machines say it: a W3C DID document in the encoding of peaq's SDKs, signed by the node
/// key.
///
/// docs/wallet.md describes it. Whoever writes it to the chain pays for it; what it says is the node key's word alone.
#pragma once

#include "bytes/bytes.h"
#include "crypto/ed25519.h"
#include "evm/address.h"

#include <string>

namespace kaisar {

/// What a worker's document says.
struct MachineIdentity {
    Bytes32 node_public_key{};
    Address owner;
    std::uint64_t chain_id = 0; ///< of the registry
    Address registry;
    std::string peer_endpoint;
    Bytes32 peer_public_key{};

    bool operator==(const MachineIdentity&) const = default;
};

struct SignedIdentity {
    MachineIdentity identity;
    Signature64 node_signature{};

    bool operator==(const SignedIdentity&) const = default;
};

/// The subject of the worker's DID: the first 20 bytes of its node id. Nobody has a key for that account.
Address did_account(const Bytes32& node_public_key);
/// "did:peaq:0x…", which is also the name of the attribute that holds the document.
std::string did_of(const Address& account);

SignedIdentity sign_identity(const MachineIdentity& identity, const Ed25519Key& node_key);
/// Whether the node key that the identity names signed it.
bool is_signed(const SignedIdentity& signed_identity);

/// The document as protobuf; what the chain keeps is its hexadecimal text, as peaq's SDKs write and read it.
Bytes encode_did_document(const SignedIdentity& signed_identity);

/// An Ed25519 key as Ed25519VerificationKey2020 has it: "z" and base58 of the multicodec 0xed01 and the key.
std::string format_multibase(const Bytes32& ed25519_public_key);

} // namespace kaisar
