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

/// The points of an epoch after its last proof was due.
struct EpochReport {
    std::uint64_t epoch = 0;
    std::uint64_t micro_points = 0; ///< of all workers
    Bytes32 points_digest{};        ///< over every worker's points
};

class Chain {
public:
    virtual ~Chain() = default;
    /// The transaction that holds this binding; registering the same binding again finds it.
    virtual Bytes32 register_worker(const SignedBinding& binding) = 0;
    /// The worker's peer, assigned anew when there is none or it expires before `now`. The worker must be registered.
    virtual PeerAnswer assign_peer(const Bytes32& node_id, Instant now) = 0;
    /// The transaction that holds the report; the same report again finds it.
    virtual Bytes32 report_epoch(const EpochReport& report) = 0;
};

/// A ledger in the store: records chained by hash. Peers are given out in turn.
std::unique_ptr<Chain> make_embedded_chain(Store& store, std::vector<PeerSite> peers);

/// The report that a record of the embedded ledger holds; nothing for a record of another kind.
std::optional<EpochReport> find_reported_epoch(const LedgerRecord& record);

/// What is wrong with the embedded ledger (which record, and how); nothing when every record follows from the one
/// before.
std::optional<std::string> find_ledger_fault(const RecordReader& records);

} // namespace kaisar::network
