/// The ledger of record on an EVM chain: the registry contract, which docs/contract.md describes.
///
/// What is asked of it is queued and brought to the chain by run(), one transaction after the other, each written down
/// before it is sent; what the chain has confirmed is kept in the store, where it is found from then on.
#pragma once

#include "ledger/chain.h"
#include "payments/sender.h"

namespace kaisar::network {

struct EvmLedger {
    ChainAccess access;
    Address registry;
    Account account; ///< the registry's operator
    Path journal;
    PaymentPolicy policy;
    std::vector<PeerSite> peers;
    std::vector<Bytes32> checkers; ///< their public keys
};

/// What the registry says of itself.
struct RegistryFacts {
    std::uint64_t chain_id = 0;
    Address operator_account;
    std::uint64_t epoch_seconds = 0;
    Uint256 pool_limit;
};

/// Error(mismatch) when there is no registry at that address.
RegistryFacts fetch_registry_facts(const ChainAccess& access, const Address& registry);

/// `ledger.access` refers to what must outlive the chain. The registry's pool is shared.
std::unique_ptr<Chain> make_evm_chain(Store& store, EvmLedger ledger, const Uint256& pool);

} // namespace kaisar::network
