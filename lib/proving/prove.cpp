#include "proving/prove.h"

#include "popw_rules/linear_points.h"
#include "proving/slot_session.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

/// Those who a proof that was kept is for.
CommitteeClient make_committee(const ProvingWorker& worker, const Connection& connection,
                               const std::vector<Bytes32>& public_keys) {
    std::vector<CommitteeClient::Member> members;
    for (const auto& key : public_keys) {
        const auto entry = std::ranges::find(worker.network.checkers, key, &CheckerEntry::public_key);
        if (entry != worker.network.checkers.end()) members.push_back(member_of(*entry));
    }
    if (members.empty())
        throw Error(ErrorKind::refused, "the proof is for checkers that the network's profile no longer names",
                    "it cannot be delivered any more");
    return {connection, std::move(members)};
}

void note(const popw::Verdict& verdict, ProveReport& report) {
    if (!report.verdict || report.verdict->code == popw::VerdictCode::ok) report.verdict = verdict;
    const bool is_of_this_slot = verdict.epoch == report.slot.epoch && verdict.slot == report.slot.slot;
    const auto device = std::ranges::find(report.devices, verdict.device_index, &DeviceReport::index);
    if (is_of_this_slot && device != report.devices.end()) device->verdict = verdict.code;
}

/// What a device can do by other measurements, in operations a second.
std::optional<double> find_ceiling(const DeviceReport& device, const ProveChoices& choices) {
    if (device.index != 0) return choices.find_rate ? choices.find_rate(device.name) : std::nullopt;
    return choices.measure_peak ? std::optional(choices.measure_peak()) : std::nullopt;
}

/// Delivers one proof to its committee; what a quorum of it decides goes into the report.
void deliver(const ProvingWorker& worker, const Connection& connection, const popw::ProofFile& file,
             const DataDirectory& directory, ProveReport& report) {
    auto committee = make_committee(worker, connection, file.committee);
    const auto members = committee.submit_proof(file.proof);
    const auto verdicts =
        committee.find_verdicts(popw::proof_hash(file.proof), members, connection.clock.now() + connection.timeout);
    for (const auto& [member, verdict] : verdicts)
        ReceiptLog(directory.receipts()).append(verdict, connection.clock.now());
    if (const auto agreed = find_agreed_verdict(verdicts, committee.quorum())) note(*agreed, report);
}

} // namespace

std::string_view name_of(ProveOutcome outcome) {
    static constexpr std::string_view names[] = {"inactive", "heartbeat",       "proved",
                                                 "spooled",  "already-running", "refused"};
    return names[static_cast<int>(outcome)];
}

void flush_outbox(const DataDirectory& directory, const ProvingWorker& worker, const Connection& connection,
                  ProveReport& report) {
    const Outbox outbox(directory.outbox());
    for (const auto& entry : outbox.list()) {
        try {
            const bool is_scheduled = entry.identity.slot < popw::first_on_demand_slot;
            if (is_scheduled && connection.clock.now() > entry.made_at + worker.params.proof_deadline) {
                ++report.expired;
            } else {
                deliver(worker, connection, outbox.load(entry), directory, report);
                ++report.delivered;
            }
            outbox.remove(entry);
        } catch (const Error& error) {
            // Refused for good: keeping it would not change the answer. Anything passing stays for the next run.
            if (error.kind() == ErrorKind::refused) {
                outbox.remove(entry);
                report.outcome = ProveOutcome::refused;
            } else if (error.kind() != ErrorKind::network) {
                throw;
            } else {
                break;
            }
        }
    }
    report.outbox = look_at_outbox(directory);
}

ProveReport prove_slot(const DataDirectory& directory, const ProvingWorker& worker, const Connection& connection,
                       const ProveChoices& choices) {
    ProveReport report;
    report.devices_left_out = choices.left_alone;
    // Until T0 is known: the coming slot begins within the length of one.
    if (choices.watchdog != nullptr)
        choices.watchdog->expect_end_by(connection.clock.steady_now() + worker.params.slot + choices.longest_run);
    if (choices.guard != nullptr) {
        report.waived = choices.guard->waived();
        choices.guard->begin_watching();
    }
    for (const auto* gpu : worker.gpus)
        if (const auto& facts = gpu->facts(); !facts.passed_over.empty())
            report.waived.push_back(
                fmt::format("cuda:{} computes with {}: {}", facts.index, gpu->gemm_variant(), facts.passed_over));
    flush_outbox(directory, worker, connection, report);
    report.verdict.reset();
    report.outcome = ProveOutcome::inactive;
    SlotSession session(directory, worker, connection, choices, report);
    session.run();
    if (!report.declined) session.measure_line();
    for (auto& device : report.devices)
        if (const auto ceiling = find_ceiling(device, choices)) device.efficiency = 2 * device.macs_per_s / *ceiling;
    return report;
}

OutboxState look_at_outbox(const DataDirectory& directory) {
    const auto entries = Outbox(directory.outbox()).list();
    OutboxState state{.pending = entries.size(), .oldest = {}};
    for (const auto& entry : entries)
        if (!state.oldest || entry.made_at < *state.oldest) state.oldest = entry.made_at;
    return state;
}

DeviceReport describe_device(const ProvingWorker& worker, const popw::DeviceIdentity& device,
                             const popw::Verification& verification) {
    const auto* profile = popw::find_profile(verification.profile_id);
    const auto hold = verification.held_bytes > 0 ? popw::HoldOutcome::held : popw::HoldOutcome::missed;
    const auto rates = popw::attested_rates({.macs = verification.macs,
                                             .compute_us = verification.compute_us,
                                             .walk_bytes = verification.walk_bytes,
                                             .walk_us = verification.walk_us,
                                             .held_bytes = verification.held_bytes,
                                             .hold = hold,
                                             .memory = points::memory_kind(device.kind)},
                                            worker.params);
    return {.index = device.index,
            .name = device.name,
            .variant = device.variant,
            .profile = profile != nullptr ? std::string(profile->name) : "",
            .rounds = verification.rounds,
            .threads = device.threads,
            .macs_per_s = static_cast<double>(rates.macs_per_s),
            .walk_bytes_per_s = rates.walk_bytes_per_s,
            .held_bytes = rates.held_bytes,
            .efficiency = {},
            .verdict = {}};
}

} // namespace kaisar
