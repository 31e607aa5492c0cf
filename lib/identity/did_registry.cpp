#include "identity/did_registry.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "registry/abi.h"
#include "registry/revert.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::size_t name_limit_bytes = 64;
constexpr std::string_view not_found = "Cannot find the item";

Error no_precompile(std::uint64_t chain_id) {
    return Error(ErrorKind::refused, fmt::format("chain {} has no DID precompile: nothing was sent", chain_id),
                 "peaq (3338) and agung (9990) have one; name a node of theirs with --rpc and --chain-id");
}

bool says_not_found(ByteView revert) {
    return revert.size() > 4 && AbiReader(revert.subspan(4)).string(0) == not_found;
}

} // namespace

Address did_precompile() {
    Address address;
    address.bytes[18] = 0x08;
    return address;
}

std::optional<DidAttribute> find_did_attribute(ChainClient& chain, const Address& account, std::string_view name) {
    const auto answer = chain.read(
        {.from = {},
         .to = did_precompile(),
         .value = {},
         .data = AbiWriter().put(account).put_bytes(bytes_of(name)).encode_call("readAttribute(address,bytes)")});
    if (answer.execution == Execution::reverted) {
        if (says_not_found(answer.data)) return std::nullopt;
        const auto revert = explain_revert(answer.data);
        throw Error(ErrorKind::refused, "the DID precompile does not read: " + revert.message, revert.hint);
    }
    // One tuple of (name, value, validity, created), with its offset before it.
    AbiReader outer(answer.data);
    if (outer.unsigned_integer(0) != 32 || !outer.ok()) throw no_precompile(chain.chain_id());
    AbiReader tuple(ByteView(answer.data).subspan(32));
    DidAttribute attribute{.value = tuple.string(1), .valid_until = tuple.unsigned_integer(2)};
    if (tuple.string(0) != name || !tuple.ok()) throw no_precompile(chain.chain_id());
    return attribute;
}

IdentityOnChain compare_identity(ChainClient& chain, const SignedIdentity& signed_identity) {
    const auto account = did_account(signed_identity.identity.node_public_key);
    const auto found = find_did_attribute(chain, account, did_of(account));
    if (!found) return IdentityOnChain::absent;
    const bool is_same = found->value == encode_hex(encode_did_document(signed_identity)) &&
                         found->valid_until >= chain.latest_block().number;
    return is_same ? IdentityOnChain::same : IdentityOnChain::different;
}

Bytes write_identity_call(const SignedIdentity& signed_identity, IdentityOnChain found) {
    constexpr std::uint64_t without_end = 0;
    const auto account = did_account(signed_identity.identity.node_public_key);
    const auto name = did_of(account);
    const auto value = encode_hex(encode_did_document(signed_identity));
    check(name.size() <= name_limit_bytes, "a DID is short enough for an attribute's name");
    return AbiWriter()
        .put(account)
        .put_bytes(bytes_of(name))
        .put_bytes(bytes_of(value))
        .put(Uint256(without_end))
        .encode_call(found == IdentityOnChain::absent ? "addAttribute(address,bytes,bytes,uint32)"
                                                      : "updateAttribute(address,bytes,bytes,uint32)");
}

} // namespace kaisar
