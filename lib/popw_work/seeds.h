/// From a slot's beacons to every secret-looking number of a proof: seeds, commitments, queries.
#pragma once

#include "popw_rules/messages.h"
#include "popw_rules/schedule.h"
#include "popw_work/hashing.h"

#include <vector>

namespace kaisar::popw {

/// S0: one per node and slot, from the combined beacon A.
Bytes32 slot_seed(const Bytes32& params_hash, SlotId slot, const Bytes32& node_id, const Bytes32& start_value);

/// S0_d: one per device, before anything is committed.
Bytes32 device_seed(const Bytes32& slot_seed, std::uint16_t device_index, DeviceKind kind, const Bytes32& device_uid,
                    std::uint32_t profile_id);

/// s_t: chained to the root of the preceding round, zero for the first.
Bytes32 round_seed(const Bytes32& device_seed, std::uint32_t round, const Bytes32& previous_root);

/// CC_d: what a compute mark carries for the device.
Bytes32 compute_commit(const Bytes32& device_seed, std::uint32_t profile_id, std::span<const Bytes32> roots);

/// Q: one per device, known only after every commitment of the slot.
Bytes32 query_seed(const Bytes32& query_value, const Bytes32& last_mark_hash, std::uint16_t device_index);

/// A tile that the query asks for.
struct TileQuery {
    std::uint32_t round;
    std::uint64_t leaf;
    bool operator==(const TileQuery&) const = default;
};

/// `count` tiles drawn with replacement from all rounds.
std::vector<TileQuery> draw_tile_queries(const Primitives& primitives, const Bytes32& query_seed, std::uint32_t rounds,
                                         const Profile& profile, std::uint32_t count);

} // namespace kaisar::popw
