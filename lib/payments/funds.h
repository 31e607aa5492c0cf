/// What an account has on a chain, and which rewards the registry would pay it.
#pragma once

#include "jsonrpc/chain_client.h"
#include "registry/reward_tree.h"

namespace kaisar {

/// An account's coin, and its rewards where the chain's registry is known.
struct Funds {
    Uint256 coin;
    std::optional<Uint256> reward;
};

/// The registry's reward token; Error(mismatch) when there is no registry at that address.
Address fetch_token(ChainClient& chain, const Address& registry);

Funds fetch_funds(ChainClient& chain, const std::optional<Address>& registry, const Address& account);

/// Those of the claims that the registry would pay now: reported on the chain and not paid before. One that does not
/// follow from the report on the chain is Error(mismatch).
std::vector<RewardClaim> select_payable(ChainClient& chain, const Address& registry,
                                        const std::vector<RewardClaim>& claims);

Uint256 sum_of(const std::vector<RewardClaim>& claims);

} // namespace kaisar
