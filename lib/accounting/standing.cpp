#include "accounting/standing.h"

#include "checker/bandwidth.h"
#include "checker/committee.h"
#include "hardware/inventory_json.h"
#include "points/epoch_points.h"
#include "popw_rules/committee.h"
#include "protocol/portal_messages_json.h"

#include <algorithm>

namespace kaisar::accounting {
namespace {

using namespace network;
using popw::DeviceKind;

constexpr auto scheduled_mode = static_cast<std::uint8_t>(popw::BeaconMode::committee);
constexpr std::size_t verdict_limit = 100'000;
constexpr std::chrono::days strike_memory{7};
popw::AttestedRates rates_of(const VerdictRecord& verdict, const popw::Params& params) {
    const auto kind = static_cast<DeviceKind>(verdict.device_kind);
    return popw::attested_rates({.macs = verdict.macs,
                                 .compute_us = verdict.compute_us,
                                 .walk_bytes = verdict.walk_bytes,
                                 .walk_us = verdict.walk_us,
                                 .held_bytes = verdict.held_bytes,
                                 .hold = verdict.held_bytes != 0 ? popw::HoldOutcome::held : popw::HoldOutcome::missed,
                                 .memory = points::memory_kind(kind)},
                                params);
}

points::Devices sum_verdicts(const RecordReader& records, const Bytes32& node_id, std::uint64_t epoch,
                             Instant registered_at, const popw::Params& params) {
    points::Devices devices;
    for (const auto& verdict :
         records.verdicts({.epoch = epoch, .node_id = node_id, .mode = scheduled_mode, .limit = verdict_limit})) {
        // A slot that began before the registration is not among those counted.
        if (verdict.code != 0 || t0_of(params, {verdict.key.epoch, verdict.key.slot}) < registered_at) continue;
        auto& device = devices[verdict.device];
        device.kind = static_cast<DeviceKind>(verdict.device_kind);
        device.add(rates_of(verdict, params), params);
    }
    return devices;
}

/// Within the last days: rejected proofs, and marks whose proof never came (whoever does not like the query must not
/// just stay silent).
std::uint32_t count_strikes(const RecordReader& records, const Bytes32& node_id, Instant now,
                            const popw::Params& params) {
    std::uint32_t strikes = 0;
    for (const auto& verdict :
         records.verdicts({.epoch = std::nullopt, .node_id = node_id, .mode = scheduled_mode, .limit = verdict_limit}))
        if (verdict.code != 0 && verdict.decided_at <= now && now - verdict.decided_at < strike_memory) ++strikes;
    const auto first = slot_at(params, now - strike_memory - params.proof_deadline);
    for (const auto& key : records.unproved_slots(node_id, first.epoch)) {
        const auto due_at = t0_of(params, {key.epoch, key.slot}) + params.proof_deadline;
        if (due_at <= now && now - due_at < strike_memory) ++strikes;
    }
    return strikes;
}

std::uint64_t claimed_cores(const RecordReader& records, const Bytes32& node_id) {
    const auto request = records.find_document(node_id, "request");
    if (!request) return 0;
    return inventory_from_json(decode_registration_request(*request).inventory, "the stored inventory").cpu.cores;
}

} // namespace

std::optional<Instant> find_registration_time(const RecordReader& records, const Bytes32& node_id) {
    const auto text = records.find_document(node_id, "registered-at");
    return text ? parse_rfc3339(*text) : std::nullopt;
}

Instant Standings::final_at(std::uint64_t epoch) const {
    return boundary_of(settings_.params, {epoch + 1, 0}) + settings_.params.t0_offset + settings_.params.proof_deadline;
}

Standings::SlotCounts Standings::count_slots(std::uint64_t epoch, Instant from, Instant until) const {
    SlotCounts counts;
    const auto& params = settings_.params;
    for (popw::SlotId slot{epoch, 0}; slot.slot < slots_per_epoch(params); ++slot.slot) {
        const auto t0 = t0_of(params, slot);
        // A slot counts once it is over: its marks and its proof had their time.
        if (t0 < from || t0 + params.slot > until) continue;
        ++counts.slots;
        const auto word = checker::schedule_word(keys_.schedule.view(), settings_.profile.network_id, slot);
        if (!is_active(params, word)) continue;
        ++counts.active;
        if (has_memory_phase(params, word)) ++counts.memory;
    }
    return counts;
}

Standing Standings::standing_in(const RecordReader& records, const StoredWorker& worker, std::uint64_t epoch,
                                Instant now) const {
    Standing standing;
    if (const auto benchmark = records.find_document(worker.node_id, "benchmark"))
        standing.attested = decode_benchmark_answer(*benchmark).attested;
    const auto registered_at = find_registration_time(records, worker.node_id);
    if (!registered_at) return standing;
    const auto& params = settings_.params;
    const auto counts = count_slots(epoch, *registered_at, now);
    const auto devices = sum_verdicts(records, worker.node_id, epoch, *registered_at, params);
    const auto constants = constants_of(settings_, keys_);
    const network::SlotKey any_slot{.node_id = worker.node_id, .mode = scheduled_mode, .epoch = epoch, .slot = 0};
    const auto members = checker::committee_of(records, constants, any_slot).size();
    standing.heard_slots = records.count_heard_slots(worker.node_id, epoch, popw::quorum_of(members));
    standing.expected_slots = std::max(counts.slots, standing.heard_slots);
    standing.availability_ppm = popw::availability_ppm(standing.heard_slots, standing.expected_slots);
    // A verdict of the running slot can be here before the slot is over.
    points::Divisors slots{.active = counts.active, .memory = counts.memory};
    for (const auto& [index, device] : devices) {
        slots.active = std::max<std::uint64_t>(slots.active, device.scores.size());
        slots.memory = std::max(slots.memory, device.memory_proofs);
    }
    const points::PublishedFacts facts{
        .claimed_cores = claimed_cores(records, worker.node_id),
        .benchmark_macs_per_s = standing.attested.macs_per_s,
        .heard = static_cast<std::int64_t>(standing.heard_slots) *
                 std::chrono::duration_cast<std::chrono::seconds>(params.slot),
        .bandwidth = checker::find_bandwidth(records, constants.checker_keys, worker.node_id, epoch)};
    if (slots.active != 0) {
        const auto rtt_us = standing.attested.rtt_us;
        standing.attested = mean_figures(devices, slots);
        standing.attested.rtt_us = rtt_us;
    }
    standing.lines = settings_.points == PointsPolicy::published
                         ? published_lines(devices, slots, facts)
                         : linear_lines(devices, slots.active, standing.availability_ppm,
                                        count_strikes(records, worker.node_id, now, params));
    standing.micro_points = points::total_micro_points(standing.lines);
    return standing;
}

WorkerRecord Standings::worker_record(const RecordReader& records, const StoredWorker& worker, Instant now) const {
    const auto current = slot_at(settings_.params, now);
    auto standing = standing_in(records, worker, current.epoch, now);
    WorkerRecord record{.node_id = worker.node_id,
                        .state = std::string(name_of(worker.state)),
                        .owner = worker.owner,
                        .attested = standing.attested,
                        .epoch = current.epoch,
                        .slot = current.slot,
                        .availability_ppm = standing.availability_ppm,
                        .micro_points = standing.micro_points,
                        .points_lines = std::move(standing.lines),
                        .total_micro_points = 0,
                        .last_proof_at = {},
                        .last_verdict = {},
                        .strikes = count_strikes(records, worker.node_id, now, settings_.params),
                        .now = now};
    if (const auto total = records.find_document(worker.node_id, "points-total"))
        record.total_micro_points = std::stoull(*total);
    if (const auto last = records.find_last_verdict(worker.node_id)) {
        record.last_verdict = last->code;
        if (const auto proof = records.find_proof(last->checker, last->proof_hash))
            record.last_proof_at = proof->received_at;
    }
    return record;
}

} // namespace kaisar::accounting
