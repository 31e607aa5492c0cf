#include "popw_work/seeds.h"

#include "bytes/little_endian.h"
#include "popw_rules/tagged_hash.h"
#include "popw_work/draws.h"

namespace kaisar::popw {

Bytes32 slot_seed(const Bytes32& params_hash, SlotId slot, const Bytes32& node_id, const Bytes32& start_value) {
    ByteWriter message;
    message.put(params_hash).put(slot.epoch).put(slot.slot).put(node_id).put(start_value);
    return tagged_hash("seed", {message.bytes()});
}

Bytes32 device_seed(const Bytes32& slot_seed, std::uint16_t device_index, DeviceKind kind, const Bytes32& device_uid,
                    std::uint32_t profile_id) {
    ByteWriter message;
    message.put(slot_seed).put(device_index).put(static_cast<std::uint8_t>(kind)).put(device_uid).put(profile_id);
    return tagged_hash("dev-seed", {message.bytes()});
}

Bytes32 round_seed(const Bytes32& device_seed, std::uint32_t round, const Bytes32& previous_root) {
    ByteWriter message;
    message.put(device_seed).put(round).put(previous_root);
    return tagged_hash("round-seed", {message.bytes()});
}

Bytes32 compute_commit(const Bytes32& device_seed, std::uint32_t profile_id, std::span<const Bytes32> roots) {
    ByteWriter message;
    message.put(device_seed).put(profile_id).put(static_cast<std::uint32_t>(roots.size()));
    for (const auto& root : roots) message.put(root);
    return tagged_hash("compute-commit", {message.bytes()});
}

Bytes32 query_seed(const Bytes32& query_value, const Bytes32& last_mark_hash, std::uint16_t device_index) {
    ByteWriter message;
    message.put(query_value).put(last_mark_hash).put(device_index);
    return tagged_hash("query", {message.bytes()});
}

std::vector<TileQuery> draw_tile_queries(const Primitives& primitives, const Bytes32& query_seed, std::uint32_t rounds,
                                         const Profile& profile, std::uint32_t count) {
    const auto leaves = profile.tiles();
    std::vector<TileQuery> queries;
    for (const auto word : draw_words(primitives, query_seed, count)) {
        const auto tile = scale(word, rounds * leaves);
        queries.push_back({static_cast<std::uint32_t>(tile / leaves), tile % leaves});
    }
    return queries;
}

} // namespace kaisar::popw
