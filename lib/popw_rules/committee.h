/// Who watches a worker and how the watchers' entropy becomes one value that nobody could know before.
#pragma once

#include "popw_rules/messages.h"
#include "popw_rules/schedule.h"

#include <span>

namespace kaisar::popw {

/// The value that the checker holding `secret` releases for a phase: the same for every worker, so it can be cached.
Bytes32 beacon_value(ByteView secret, BeaconPhase phase, std::uint32_t network_id, SlotId slot);

/// One member's share of a combined value.
struct Contribution {
    Bytes32 checker_id{};
    Bytes32 value{};
};

/// The combined value V of a phase for one worker; contributions in committee order. The schedule word is zero on
/// demand.
Bytes32 combine_beacon(BeaconPhase phase, SlotId slot, const Bytes32& schedule_word, const Bytes32& node_id,
                       std::span<const Contribution> contributions);

/// Query value of mode 0, which only hinders a prover from choosing its queries.
Bytes32 self_query_value(const Bytes32& last_mark_hash);

/// What committees of an epoch are drawn by: follows from the schedule word of its first slot, so nobody knows it
/// before.
Bytes32 day_value(std::uint64_t epoch, const Bytes32& first_schedule_word);

/// How many members of a committee have to stand behind a proof: more than half.
constexpr std::size_t quorum_of(std::size_t members) { return members / 2 + 1; }

/// Positions in `checker_ids` of the worker's committee for the day, in committee order: bit i of a mark's bitmap is
/// member i.
std::vector<std::size_t> choose_committee(const Bytes32& day_value, const Bytes32& node_id,
                                          std::span<const Bytes32> checker_ids, std::size_t size);

/// The larger of the two middle values where their number is even; `values` must not be empty.
std::uint64_t upper_median(std::vector<std::uint64_t> values);

/// When a mark counts as received, from at least `quorum` receipts: their upper median, but not before a quorum had it,
/// or leaving out the slower receipts would make a worker faster.
std::uint64_t received_time(std::vector<std::uint64_t> times, std::size_t quorum);

} // namespace kaisar::popw
