/// peaq's DID precompile: attributes of an account, each with a name, a value and the account that wrote it.
#pragma once

#include "identity/did_document.h"
#include "jsonrpc/chain_client.h"

namespace kaisar {

struct DidAttribute {
    std::string value;
    std::uint64_t valid_until = 0; ///< a block's number
};

/// What the chain has under this account and name. Error(refused) on a chain without the precompile.
std::optional<DidAttribute> find_did_attribute(ChainClient& chain, const Address& account, std::string_view name);

enum class IdentityOnChain { absent, different, same };

/// What the chain says of the worker, compared with its document as it should be. A document that has run out is
/// different.
IdentityOnChain compare_identity(ChainClient& chain, const SignedIdentity& signed_identity);

/// Where the calls go.
Address did_precompile();
/// Writes the document for the first time, or in the place of another one; it does not run out.
Bytes write_identity_call(const SignedIdentity& signed_identity, IdentityOnChain found);

} // namespace kaisar
