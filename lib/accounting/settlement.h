/// Closing epochs: once the last proof of an epoch was due, everybody's points are written down and reported to the
/// chain.
#pragma once

#include "accounting/standing.h"
#include "ledger/chain.h"

namespace kaisar::accounting {

struct SettledPoints {
    Bytes32 node_id{};
    std::uint64_t micro_points = 0;
};

/// What every registered worker earned in an epoch that is final, by node id.
std::vector<SettledPoints> derive_points(const network::RecordReader& records, const Standings& standings,
                                         std::uint64_t epoch);

/// The rewards that follow from an epoch's points: the pool shared among the workers' owners; none where nobody has
/// points.
std::vector<Reward> derive_rewards(const network::RecordReader& records, const std::vector<SettledPoints>& points,
                                   const Uint256& pool);

/// The root over the epoch's signed verdicts on scheduled slots; zero where there are none.
Bytes32 verdicts_root(const network::RecordReader& records, std::uint64_t epoch);

/// The digest that the chain holds for those points.
Bytes32 points_digest(std::uint64_t epoch, const std::vector<SettledPoints>& points);

/// The points that were written down for an epoch when it was settled; nothing if it was not.
std::optional<std::vector<SettledPoints>> find_settled_points(const network::RecordReader& records,
                                                              std::uint64_t epoch);

/// The latest epoch that was settled.
std::optional<std::uint64_t> find_last_settled_epoch(const network::RecordReader& records);

/// Settles the oldest epoch that is final and not yet settled; false when there is none.
bool settle_next_epoch(network::Store& store, network::Chain& chain, const Standings& standings, Instant now);

} // namespace kaisar::accounting
