/// The ledger of record: who is registered, and which peer the chain gave whom.
#pragma once

#include "evm/binding.h"
#include "network/store.h"
#include "protocol/portal_messages.h"

namespace kaisar::network {

/// A peer that workers can be assigned to.
struct PeerSite {
    std::string endpoint;
    Bytes32 public_key{};
};

class Chain {
public:
    virtual ~Chain() = default;
    /// The transaction that holds this binding; registering the same binding again finds it.
    virtual Bytes32 register_worker(const SignedBinding& binding) = 0;
    /// The worker's peer, assigned anew when there is none or it expires before `now`. The worker must be registered.
    virtual PeerAnswer assign_peer(const Bytes32& node_id, Instant now) = 0;
};

/// A ledger in the store: records chained by hash. Peers are given out in turn.
std::unique_ptr<Chain> make_embedded_chain(Store& store, std::vector<PeerSite> peers);

/// What is wrong with the embedded ledger (which record, and how); nothing when every record follows from the one before.
std::optional<std::string> find_ledger_fault(const RecordReader& records);

} // namespace kaisar::network
