#include "evm/binding.h"

#include "crypto/hash.h"
#include "crypto/keccak.h"
#include "error/error.h"
#include "evm/typed_data.h"
#include "evm/word.h"

namespace kaisar {
namespace {

Bytes node_message(const SignedBinding& binding) {
    Bytes message;
    append(message, bytes_of("kaisar/1/binding"));
    append(message, binding_digest(binding.binding));
    append(message, binding.owner_signature);
    return message;
}

} // namespace

WorkerBinding make_binding(const BindingRequest& request, const Address& owner, std::uint64_t issued_at,
                           std::uint64_t expires_at) {
    return {
        .chain_id = request.chain_id,
        .registry = request.registry,
        .node_id = sha256(request.node_public_key),
        .node_public_key = request.node_public_key,
        .inventory_hash = request.inventory_hash,
        .owner = owner,
        .issued_at = issued_at,
        .expires_at = expires_at,
    };
}

Bytes32 binding_digest(const WorkerBinding& binding) {
    const auto separator = domain_separator({.name = "Kaisar Worker Registry",
                                             .version = "1",
                                             .chain_id = binding.chain_id,
                                             .verifying_contract = binding.registry});
    const auto type =
        keccak256(bytes_of("WorkerBinding(bytes32 nodeId,bytes32 nodeKey,bytes32 inventoryHash,address owner,"
                           "uint64 issuedAt,uint64 expiresAt)"));
    const auto message = keccak256({type, binding.node_id, binding.node_public_key, binding.inventory_hash,
                                    word_of(binding.owner), word_of(binding.issued_at), word_of(binding.expires_at)});
    return typed_data_digest(separator, message);
}

void countersign_binding(SignedBinding& binding, const Ed25519Key& node_key) {
    check(node_key.public_key() == binding.binding.node_public_key,
          "a binding is countersigned by the key that it binds");
    binding.node_signature = node_key.sign(node_message(binding));
}

std::string_view name_of(BindingVerdict verdict) {
    switch (verdict) {
    case BindingVerdict::valid: return "valid";
    case BindingVerdict::wrong_node_id: return "wrong-node-id";
    case BindingVerdict::wrong_owner_signature: return "wrong-owner-signature";
    case BindingVerdict::missing_node_signature: return "missing-node-signature";
    case BindingVerdict::wrong_node_signature: return "wrong-node-signature";
    case BindingVerdict::not_yet_valid: return "not-yet-valid";
    case BindingVerdict::expired: return "expired";
    }
    check(false, "every verdict has a name");
    return {};
}

BindingVerdict check_owner_signature(const SignedBinding& signed_binding, std::uint64_t now_s,
                                     std::uint64_t clock_skew_s) {
    const auto& binding = signed_binding.binding;
    // Cheapest first: whoever floods a portal with bindings should cost it no curve arithmetic.
    if (binding.expires_at <= now_s || binding.expires_at <= binding.issued_at) return BindingVerdict::expired;
    if (binding.issued_at > now_s && binding.issued_at - now_s > clock_skew_s) return BindingVerdict::not_yet_valid;
    if (binding.node_id != sha256(binding.node_public_key)) return BindingVerdict::wrong_node_id;
    const auto signer = recover_address(binding_digest(binding), signed_binding.owner_signature);
    return signer == binding.owner ? BindingVerdict::valid : BindingVerdict::wrong_owner_signature;
}

BindingVerdict check_binding(const SignedBinding& binding, std::uint64_t now_s, std::uint64_t clock_skew_s) {
    if (const auto verdict = check_owner_signature(binding, now_s, clock_skew_s); verdict != BindingVerdict::valid)
        return verdict;
    if (!binding.node_signature) return BindingVerdict::missing_node_signature;
    return is_valid_ed25519(binding.binding.node_public_key, node_message(binding), *binding.node_signature)
               ? BindingVerdict::valid
               : BindingVerdict::wrong_node_signature;
}

} // namespace kaisar
