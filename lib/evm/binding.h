/// The owner binding: an owner wallet's signed statement that a node key may earn for it, countersigned by that node
/// key.
///
/// docs/wallet.md describes the format. With the binding at hand a worker never needs the wallet again.
#pragma once

#include "bytes/bytes.h"
#include "crypto/ed25519.h"
#include "evm/address.h"

#include <optional>

namespace kaisar {

/// What the owner signs (EIP-712 domain and message). Times are seconds since 1970 in UTC.
struct WorkerBinding {
    std::uint64_t chain_id = 0;
    Address registry;
    Bytes32 node_id{}; ///< SHA-256 of node_public_key
    Bytes32 node_public_key{};
    Bytes32 inventory_hash{};
    Address owner;
    std::uint64_t issued_at = 0;
    std::uint64_t expires_at = 0;

    bool operator==(const WorkerBinding&) const = default;
};

/// What a worker asks its owner to sign on another machine.
struct BindingRequest {
    std::uint64_t chain_id = 0;
    Address registry;
    Bytes32 node_public_key{};
    Bytes32 inventory_hash{};

    bool operator==(const BindingRequest&) const = default;
};

struct SignedBinding {
    WorkerBinding binding;
    Signature65 owner_signature{};
    std::optional<Signature64> node_signature; ///< added on the worker, where the node key is

    bool operator==(const SignedBinding&) const = default;
};

/// The binding that answers a request.
WorkerBinding make_binding(const BindingRequest& request, const Address& owner, std::uint64_t issued_at,
                           std::uint64_t expires_at);

/// The EIP-712 digest that the owner signs, and that the registry contract recovers the owner from.
Bytes32 binding_digest(const WorkerBinding& binding);

/// Adds the node key's signature over "kaisar/1/binding" || digest || owner signature. The key must be the bound one.
void countersign_binding(SignedBinding& binding, const Ed25519Key& node_key);

enum class BindingVerdict {
    valid,
    wrong_node_id,         ///< node_id is not the hash of node_public_key
    wrong_owner_signature, ///< not signed by `owner`, or not in the one allowed form
    missing_node_signature,
    wrong_node_signature,
    not_yet_valid, ///< issued_at lies in the future
    expired,       ///< expires_at has passed, or does not lie after issued_at
};

/// The verdict's name as answers and messages spell it: "wrong-owner-signature".
std::string_view name_of(BindingVerdict verdict);

/// The first fault at this time; `clock_skew_s` is how far into the future issued_at may lie.
BindingVerdict check_binding(const SignedBinding& binding, std::uint64_t now_s, std::uint64_t clock_skew_s);

/// As check_binding, for a binding that the node key has not countersigned yet.
BindingVerdict check_owner_signature(const SignedBinding& binding, std::uint64_t now_s, std::uint64_t clock_skew_s);

} // namespace kaisar
