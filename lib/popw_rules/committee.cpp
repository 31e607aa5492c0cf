#include "popw_rules/committee.h"

#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "popw_rules/tagged_hash.h"

#include <algorithm>

namespace kaisar::popw {

Bytes32 beacon_value(ByteView secret, BeaconPhase phase, std::uint32_t network_id, SlotId slot) {
    ByteWriter message;
    message.put(bytes_of("popw")).put(static_cast<std::uint8_t>(phase)).put(network_id).put(slot.epoch).put(slot.slot);
    return hmac_sha256(secret, message.bytes());
}

Bytes32 combine_beacon(BeaconPhase phase, SlotId slot, const Bytes32& schedule_word, const Bytes32& node_id,
                       std::span<const Contribution> contributions) {
    ByteWriter message;
    message.put(static_cast<std::uint8_t>(phase)).put(slot.epoch).put(slot.slot).put(schedule_word).put(node_id);
    for (const auto& each : contributions) message.put(each.checker_id).put(each.value);
    return tagged_hash("beacon", {message.bytes()});
}

Bytes32 self_query_value(const Bytes32& last_mark_hash) { return tagged_hash("self-query", {last_mark_hash}); }

Bytes32 day_value(std::uint64_t epoch, const Bytes32& first_schedule_word) {
    ByteWriter message;
    message.put(epoch).put(first_schedule_word);
    return tagged_hash("day", {message.bytes()});
}

std::vector<std::size_t> choose_committee(const Bytes32& day_value, const Bytes32& node_id,
                                          std::span<const Bytes32> checker_ids, std::size_t size) {
    std::vector<std::pair<Bytes32, std::size_t>> ranked;
    for (std::size_t i = 0; i < checker_ids.size(); ++i)
        ranked.emplace_back(tagged_hash("sort", {day_value, node_id, checker_ids[i]}), i);
    std::ranges::sort(ranked);
    ranked.resize(std::min(size, ranked.size()));
    std::vector<std::size_t> positions;
    for (const auto& [rank, position] : ranked) positions.push_back(position);
    return positions;
}

std::uint64_t upper_median(std::vector<std::uint64_t> values) {
    check(!values.empty(), "a median needs at least one value");
    std::ranges::sort(values);
    return values[values.size() / 2];
}

std::uint64_t received_time(std::vector<std::uint64_t> times, std::size_t quorum) {
    check(quorum > 0 && times.size() >= quorum, "a mark was received by a quorum");
    std::ranges::sort(times);
    return times[std::max(times.size() / 2, quorum - 1)];
}

} // namespace kaisar::popw
