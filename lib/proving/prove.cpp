#include "proving/prove.h"

#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "popw_rules/committee.h"
#include "popw_rules/linear_points.h"
#include "protocol/portal_messages_json.h"
#include "proving/memory_phase.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <future>

namespace kaisar {
namespace {

/// How long after a beacon's moment it is waited for at most.
constexpr std::chrono::milliseconds longest_beacon_delay{10'000};
/// A slot whose T0 is nearer than this is left to the next run: the device needs to be ready when it begins.
constexpr std::chrono::milliseconds shortest_lead{100};

/// How long measuring the line may keep a run, and how long before the run must be over it is.
constexpr std::chrono::seconds probe_budget{30};
constexpr std::chrono::seconds probe_reserve{5};

/// A slot's moments on this machine's clocks.
struct SlotTimes {
    popw::SlotId slot;
    Instant t0;
    popw::SteadyTime steady_t0;
};

SlotTimes find_coming_slot(const ProvingWorker& worker, const Connection& connection) {
    const auto offset = fetch_clock_offset(connection, require_portal_url(worker.network.portal_url));
    const auto now = connection.clock.now();
    const auto slot = popw::upcoming_slot(worker.params, now + offset + shortest_lead);
    const auto t0 = popw::t0_of(worker.params, slot) - offset;
    return {.slot = slot, .t0 = t0, .steady_t0 = connection.clock.steady_now() + (t0 - now)};
}

CommitteeClient::Member member_of(const CheckerEntry& entry) {
    return {.url = require_portal_url(entry.url), .public_key = entry.public_key};
}

/// The checkers that watch this worker in the epoch. In a network with one checker there is nothing to draw.
CommitteeClient fetch_committee(const ProvingWorker& worker, const Connection& connection, std::uint64_t epoch) {
    const auto& network = worker.network;
    if (network.checkers.size() == 1) return {connection, {member_of(network.checkers.front())}};
    PortalClient portal(connection, require_portal_url(network.portal_url), network.portal_key, worker.key);
    const auto roster =
        decode_answer(decode_committee_roster, portal.call("GET", fmt::format("/v1/committees/{}", epoch)));
    std::vector<Bytes32> ids;
    for (const auto& key : roster.eligible) ids.push_back(popw::id_of_key(key));
    std::vector<CommitteeClient::Member> members;
    for (const auto position : popw::choose_committee(roster.day_value, worker.node_id, ids, network.committee_size)) {
        const auto entry = std::ranges::find(network.checkers, roster.eligible[position], &CheckerEntry::public_key);
        if (entry == network.checkers.end())
            throw Error(ErrorKind::environment, "the network has a checker that its profile here does not name",
                        "fetch the network's profile again");
        members.push_back(member_of(*entry));
    }
    if (members.empty())
        throw Error(ErrorKind::network, fmt::format("no checker gets tasks in epoch {}", epoch),
                    "the network's operator has to bring checkers back; nothing can be earned until then");
    return {connection, std::move(members)};
}

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

/// One proving run from T0 to the proof, step by step; members are what the steps hand on.
class SlotSession {
public:
    SlotSession(const DataDirectory& directory, const ProvingWorker& worker, const Connection& connection,
                const ProveChoices& choices, ProveReport& report)
        : directory_(directory), worker_(worker), connection_(connection), choices_(choices), report_(report),
          device_(worker), times_(find_coming_slot(worker, connection)) {
        report_.slot = times_.slot;
    }

    void run() {
        if (choices_.watchdog != nullptr)
            choices_.watchdog->expect_end_by(times_.steady_t0 + choices_.longest_run + choices_.splay);
        receive_start();
        const auto schedule_word = start_.schedule_word;
        if (!popw::is_active(worker_.params, schedule_word)) {
            submit_heartbeat();
            report_.outcome = ProveOutcome::heartbeat;
            return;
        }
        if (choices_.guard != nullptr)
            if (const auto objection = choices_.guard->find_objection(connection_.clock.now()))
                return decline(*objection);
        const auto phase = compute();
        auto receipts = submit_mark(phase.mark, start_.committee_bitmap, "compute");
        const bool is_memory_slot = popw::has_memory_phase(worker_.params, schedule_word);
        const auto memory = is_memory_slot ? prove_memory(phase, receipts) : nullptr;
        const auto query_at = is_memory_slot ? worker_.params.memory_query_at : worker_.params.compute_query_at;
        // All whom the last mark names, and nobody else: a worker must not choose among queries.
        const auto last_bitmap = memory ? memory->committee_bitmap() : start_.committee_bitmap;
        const auto query_beacons = receive_beacons(popw::BeaconPhase::query, query_at, last_bitmap,
                                                   static_cast<std::size_t>(std::popcount(last_bitmap)));
        const auto file = make_proof(worker_, start_, phase, memory.get(), in_committee_order(query_beacons), receipts);
        report_.verification = require_acceptable(worker_, file);
        report_.devices.push_back(describe_device(worker_, *report_.verification));
        keep_proof(file);
        pause_for_splay();
        flush_outbox(directory_, worker_, connection_, report_);
        report_.outcome = ProveOutcome::spooled;
        if (report_.verdict)
            report_.outcome =
                report_.verdict->code == popw::VerdictCode::ok ? ProveOutcome::proved : ProveOutcome::refused;
    }

    /// Once everything that has its time is done: each checker measures the line once an epoch.
    void measure_line() {
        const auto now = connection_.clock.now();
        auto deadline = now + probe_budget;
        if (choices_.longest_run != std::chrono::seconds(0))
            deadline = std::min<Instant>(deadline, times_.t0 + choices_.longest_run - probe_reserve);
        if (now >= deadline) return;
        say("let the checkers measure the line", 1);
        committee_->measure_lines(heartbeats_, worker_.primitives, deadline);
    }

private:
    void say(std::string_view what, double fraction) const {
        if (choices_.on_progress) choices_.on_progress(what, fraction);
    }

    /// S from the portal, A from the committee; both appear at T0, so the requests wait there.
    void receive_start() {
        say(fmt::format("wait for slot {} at {}", times_.slot.slot, format_rfc3339(times_.t0)), 0);
        // The draw for an epoch follows from its first schedule word, so that for slot 0 it can only be asked for then.
        if (times_.slot.slot != 0) committee_.emplace(fetch_committee(worker_, connection_, times_.slot.epoch));
        if (!connection_.clock.sleep_until(times_.t0 - std::chrono::seconds(1), connection_.stop))
            throw Error(ErrorKind::interrupted, "interrupted", "run the same command again");
        if (choices_.guard != nullptr) choices_.guard->begin_watching();
        CheckerClient portal(connection_, require_portal_url(worker_.network.portal_url), worker_.network.portal_key);
        const auto deadline = times_.t0 + beacon_patience();
        const auto schedule = portal.fetch_beacon(times_.slot, popw::BeaconPhase::schedule, deadline);
        if (!committee_) committee_.emplace(fetch_committee(worker_, connection_, times_.slot.epoch));
        const auto start_beacons = committee_->fetch_beacons(times_.slot, popw::BeaconPhase::start, committee_->all(),
                                                             committee_->quorum(), deadline);
        start_ = make_scheduled_start(worker_, schedule, *committee_, start_beacons);
    }

    void submit_heartbeat(popw::MarkStatus status = popw::MarkStatus::ready) {
        heartbeats_ = committee_->submit_mark(make_heartbeat(worker_, start_, status), start_.committee_bitmap);
        for (const auto& [member, receipt] : heartbeats_) keep_receipt(receipt, "heartbeat");
    }

    /// Says that the worker is there, and that its owner's limits keep it from computing.
    void decline(const Objection& objection) {
        const bool is_busy = objection.kind == ObjectionKind::busy;
        submit_heartbeat(is_busy ? popw::MarkStatus::busy : popw::MarkStatus::degraded);
        report_.declined = objection;
        report_.outcome = is_busy ? ProveOutcome::heartbeat : ProveOutcome::refused;
    }

    /// Rounds until the window closes; the heartbeat goes out meanwhile.
    ComputePhase compute() {
        const auto window = worker_.params.compute_window - worker_.params.safety_margin;
        const auto deadline = times_.steady_t0 + window;
        if (choices_.guard != nullptr) choices_.guard->count_run(connection_.clock.now());
        const auto on_round = [&](std::uint32_t) {
            if (choices_.guard != nullptr) choices_.guard->require_within_limits();
            const auto left = std::chrono::duration<double>(deadline - connection_.clock.steady_now());
            say("compute", 1 - left / std::chrono::duration<double>(window));
        };
        auto computing = std::async(std::launch::async,
                                    [&] { return run_compute_phase(worker_, device_, start_, deadline, on_round); });
        submit_heartbeat();
        return computing.get();
    }

    std::vector<Bytes> submit_mark(const Bytes& mark, std::uint64_t members, std::string_view phase) {
        auto receipts = in_committee_order(committee_->submit_mark(mark, members));
        for (const auto& receipt : receipts) keep_receipt(receipt, phase);
        return receipts;
    }

    /// Fills, holds and walks memory; its receipts are added to `receipts`. Nothing when memory is not claimed, the
    /// system refuses it or it came too late: then the slot counts with its compute part alone.
    std::unique_ptr<MemoryPhase> prove_memory(const ComputePhase& compute, std::vector<Bytes>& receipts) {
        if (worker_.held_memory_limit_bytes == 0) return nullptr;
        try {
            say("fill memory", 0);
            auto memory = std::make_unique<MemoryPhase>(worker_, device_, start_, compute,
                                                        times_.steady_t0 + worker_.params.walk_at);
            if (connection_.clock.steady_now() > times_.steady_t0 + worker_.params.walk_at + worker_.params.hold_window)
                throw Error(ErrorKind::environment,
                            fmt::format("{} bytes were not filled in time", memory->held_bytes()));
            const auto walk_beacons = receive_beacons(popw::BeaconPhase::walk, worker_.params.walk_at,
                                                      start_.committee_bitmap, committee_->quorum());
            const auto hold_mark = memory->begin(walk_beacons);
            auto hold = submit_mark(hold_mark, memory->committee_bitmap(), "hold");
            say("walk through memory", 0);
            const auto walk_end = worker_.params.walk_at + worker_.params.walk_window - worker_.params.safety_margin;
            const auto walk =
                submit_mark(memory->finish(times_.steady_t0 + walk_end), memory->committee_bitmap(), "walk");
            receipts.insert(receipts.end(), hold.begin(), hold.end());
            receipts.insert(receipts.end(), walk.begin(), walk.end());
            return memory;
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::environment && error.kind() != ErrorKind::refused) throw;
            report_.left_out = error.message();
            return nullptr;
        }
    }

    /// Into the outbox first, before anything is sent.
    void keep_proof(const popw::ProofFile& file) {
        Outbox(directory_.outbox()).add(file);
        if (!choices_.out) return;
        report_.files.push_back(*choices_.out / popw::proof_file_name(*popw::find_proof_identity(file.proof)));
        save_file(report_.files.back(), popw::encode_proof_file(file));
    }

    void keep_receipt(const Bytes& bytes, std::string_view phase) {
        const auto receipt = popw::decode_receipt(bytes);
        ReceiptLog(directory_.receipts()).append(bytes, connection_.clock.now());
        report_.receipts.push_back(
            {.issuer = receipt->issuer, .phase = std::string(phase), .received_us = receipt->received_us});
    }

    /// Beacon B or C of those members, of as many as are needed; `since_t0` is when they appear.
    MemberAnswers receive_beacons(popw::BeaconPhase phase, popw::Microseconds since_t0, std::uint64_t members,
                                  std::size_t needed) {
        say("wait for the next beacon", 1);
        const auto moment = times_.t0 + since_t0;
        if (!connection_.clock.sleep_until(moment - std::chrono::seconds(1), connection_.stop))
            throw Error(ErrorKind::interrupted, "interrupted", "this slot is lost; the next one is not");
        return committee_->fetch_beacons(times_.slot, phase, members, needed, moment + beacon_patience());
    }

    std::chrono::milliseconds beacon_patience() const { return std::min(longest_beacon_delay, connection_.timeout); }

    void pause_for_splay() const {
        if (choices_.splay <= std::chrono::seconds(0)) return;
        const auto word = load_le<std::uint64_t>(sha256({bytes_of("kaisar/1/splay\n"), worker_.node_id}).data());
        const std::chrono::milliseconds pause(
            word % static_cast<std::uint64_t>(std::chrono::milliseconds(choices_.splay).count()));
        connection_.clock.sleep_until(connection_.clock.now() + pause, connection_.stop);
    }

    const DataDirectory& directory_;
    const ProvingWorker& worker_;
    const Connection& connection_;
    const ProveChoices& choices_;
    ProveReport& report_;
    ComputeDevice device_;
    SlotTimes times_;
    std::optional<CommitteeClient> committee_;
    MemberAnswers heartbeats_;
    SlotStart start_;
};

/// Delivers one proof to its committee; what a quorum of it decides goes into the report.
void deliver(const ProvingWorker& worker, const Connection& connection, const popw::ProofFile& file,
             const DataDirectory& directory, ProveReport& report) {
    auto committee = make_committee(worker, connection, file.committee);
    const auto members = committee.submit_proof(file.proof);
    const auto verdicts =
        committee.find_verdicts(popw::proof_hash(file.proof), members, connection.clock.now() + connection.timeout);
    for (const auto& [member, verdict] : verdicts)
        ReceiptLog(directory.receipts()).append(verdict, connection.clock.now());
    if (const auto agreed = find_agreed_verdict(verdicts, committee.quorum())) report.verdict = agreed;
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
    // Until T0 is known: the coming slot begins within the length of one.
    if (choices.watchdog != nullptr)
        choices.watchdog->expect_end_by(connection.clock.steady_now() + worker.params.slot + choices.longest_run);
    if (choices.guard != nullptr) {
        report.waived = choices.guard->waived();
        choices.guard->begin_watching();
    }
    flush_outbox(directory, worker, connection, report);
    report.verdict.reset();
    report.outcome = ProveOutcome::inactive;
    SlotSession session(directory, worker, connection, choices, report);
    session.run();
    if (!report.declined) session.measure_line();
    if (choices.measure_peak)
        for (auto& device : report.devices) device.efficiency = 2 * device.macs_per_s / choices.measure_peak();
    return report;
}

OutboxState look_at_outbox(const DataDirectory& directory) {
    const auto entries = Outbox(directory.outbox()).list();
    OutboxState state{.pending = entries.size(), .oldest = {}};
    for (const auto& entry : entries)
        if (!state.oldest || entry.made_at < *state.oldest) state.oldest = entry.made_at;
    return state;
}

DeviceReport describe_device(const ProvingWorker& worker, const popw::Verification& verification) {
    const auto* profile = popw::find_profile(verification.profile_id);
    const auto hold = verification.held_bytes > 0 ? popw::HoldOutcome::held : popw::HoldOutcome::missed;
    const auto rates = popw::attested_rates({.macs = verification.macs,
                                             .compute_us = verification.compute_us,
                                             .walk_bytes = verification.walk_bytes,
                                             .walk_us = verification.walk_us,
                                             .held_bytes = verification.held_bytes,
                                             .hold = hold,
                                             .memory = popw::MemoryKind::host},
                                            worker.params);
    return {.index = verification.identity.device_index,
            .name = "cpu",
            .variant = std::string(worker.primitives.gemm_variant),
            .profile = profile != nullptr ? std::string(profile->name) : "",
            .rounds = verification.rounds,
            .threads = worker.threads,
            .macs_per_s = static_cast<double>(rates.macs_per_s),
            .walk_bytes_per_s = rates.walk_bytes_per_s,
            .held_bytes = rates.held_bytes,
            .efficiency = {}};
}

} // namespace kaisar
