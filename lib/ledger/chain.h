/// The ledger of record: who is registered, which peer the chain gave whom, what each epoch paid.
#pragma once

#include "evm/binding.h"
#include "network/store.h"
#include "protocol/portal_messages.h"
#include "registry/rewards_json.h"

#include <stop_token>

namespace kaisar::network {

/// A peer that workers can be assigned to.
struct PeerSite {
    std::string endpoint;
    Bytes32 public_key{};
};

/// The points and rewards of an epoch after its last proof was due.
struct EpochReport {
    std::uint64_t epoch = 0;
    std::uint64_t micro_points = 0; ///< of all workers
    Bytes32 points_digest{};        ///< over every worker's points
    Bytes32 rewards_root{};         ///< of the tree of rewards; zero where nobody has points
    Bytes32 verdicts_root{};
    Uint256 pool; ///< the sum of the rewards
};

/// What is asked for twice is done once. Where a chain takes its time, an answer is missing until it has it: ask again.
/// A chain that refuses is Error(refused).
class Chain {
public:
    virtual ~Chain() = default;
    /// The transaction that holds this binding; registering the same binding again finds it.
    virtual std::optional<Bytes32> register_worker(const SignedBinding& binding) = 0;
    /// The worker's peer, assigned anew when there is none or it expires before `now`. The worker must be registered.
    virtual std::optional<PeerAnswer> assign_peer(const Bytes32& node_id, Instant now) = 0;
    /// The transaction that holds the report; the same report again finds it.
    virtual std::optional<Bytes32> report_epoch(const EpochReport& report) = 0;
    /// The transaction that bans the checker with this key until then, Instant::max() being for good; a ban that is
    /// there and lasts as long is found.
    virtual std::optional<Bytes32> ban_checker(const Bytes32& key, Instant until) = 0;
    /// What an epoch's workers share.
    virtual Uint256 pool() const = 0;
    /// The owner's rewards from this epoch on, some at a time.
    virtual OwnedRewards rewards_of(const Address& owner, std::uint64_t from_epoch) const = 0;
    /// Pays the owner what it is owed; nothing where owners claim from the chain themselves.
    virtual std::optional<PaidRewards> pay_rewards(const Address& owner) = 0;
    /// Does what takes time until asked to stop; meant for a thread of its own.
    virtual void run(const std::stop_token& stop) = 0;
};

/// What an epoch's workers share on the embedded ledger unless told otherwise: a thousand of the reward token.
Uint256 usual_pool();

/// A ledger in the store: records chained by hash. Peers are given out in turn.
std::unique_ptr<Chain> make_embedded_chain(Store& store, std::vector<PeerSite> peers, Uint256 pool = usual_pool());

/// The report that a record of the embedded ledger holds; nothing for a record of another kind.
std::optional<EpochReport> find_reported_epoch(const LedgerRecord& record);

/// What is wrong with the embedded ledger (which record, and how); nothing when every record follows from the one
/// before.
std::optional<std::string> find_ledger_fault(const RecordReader& records);

} // namespace kaisar::network
