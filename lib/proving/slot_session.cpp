#include "proving/slot_session.h"

#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "popw_rules/committee.h"
#include "protocol/portal_messages_json.h"

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

SlotTimes find_coming_slot(const ProvingWorker& worker, const Connection& connection) {
    const auto offset = fetch_clock_offset(connection, require_portal_url(worker.network.portal_url));
    const auto now = connection.clock.now();
    const auto slot = popw::upcoming_slot(worker.params, now + offset + shortest_lead);
    const auto t0 = popw::t0_of(worker.params, slot) - offset;
    return {.slot = slot, .t0 = t0, .steady_t0 = connection.clock.steady_now() + (t0 - now)};
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

} // namespace

CommitteeClient::Member member_of(const CheckerEntry& entry) {
    return {.url = require_portal_url(entry.url), .public_key = entry.public_key};
}

SlotSession::SlotSession(const DataDirectory& directory, const ProvingWorker& worker, const Connection& connection,
                         const ProveChoices& choices, ProveReport& report)
    : directory_(directory), worker_(worker), connection_(connection), choices_(choices), report_(report),
      devices_(make_devices(worker, report.devices_left_out)), times_(find_coming_slot(worker, connection)) {
    report_.slot = times_.slot;
}

void SlotSession::run() {
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
        if (const auto objection = choices_.guard->find_objection(connection_.clock.now())) return decline(*objection);
    const auto phase = compute();
    compute_receipts_ = submit_mark(phase.mark, start_.committee_bitmap, "compute");
    const auto memory = popw::has_memory_phase(worker_.params, schedule_word) ? prove_memory(phase) : nullptr;
    make_proofs(phase, memory.get());
    tell_left_out_memory();
    pause_for_splay();
    flush_outbox(directory_, worker_, connection_, report_);
    report_.outcome = ProveOutcome::spooled;
    const bool are_decided =
        std::ranges::all_of(report_.devices, [](const auto& each) { return each.verdict.has_value(); });
    if (report_.verdict && report_.verdict->code != popw::VerdictCode::ok)
        report_.outcome = ProveOutcome::refused;
    else if (are_decided)
        report_.outcome = ProveOutcome::proved;
}

void SlotSession::measure_line() {
    const auto now = connection_.clock.now();
    auto deadline = now + probe_budget;
    if (choices_.longest_run != std::chrono::seconds(0))
        deadline = std::min<Instant>(deadline, times_.t0 + choices_.longest_run - probe_reserve);
    if (now >= deadline) return;
    say("let the checkers measure the line", 1);
    committee_->measure_lines(heartbeats_, worker_.primitives, deadline);
}

// S from the portal, A from the committee; both appear at T0, so the requests wait there.
void SlotSession::receive_start() {
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

void SlotSession::submit_heartbeat(popw::MarkStatus status) {
    heartbeats_ = committee_->submit_mark(make_heartbeat(worker_, start_, status), start_.committee_bitmap);
    for (const auto& [member, receipt] : heartbeats_) keep_receipt(receipt, "heartbeat");
}

// Says that the worker is there, and that its owner's limits keep it from computing.
void SlotSession::decline(const Objection& objection) {
    const bool is_busy = objection.kind == ObjectionKind::busy;
    submit_heartbeat(is_busy ? popw::MarkStatus::busy : popw::MarkStatus::degraded);
    report_.declined = objection;
    report_.outcome = is_busy ? ProveOutcome::heartbeat : ProveOutcome::refused;
}

// Rounds until the window closes; the heartbeat goes out meanwhile.
ComputePhase SlotSession::compute() {
    const auto window = worker_.params.compute_window - worker_.params.safety_margin;
    const auto deadline = times_.steady_t0 + window;
    if (choices_.guard != nullptr) choices_.guard->count_run(connection_.clock.now());
    const auto on_round = [&](std::uint32_t) {
        if (choices_.guard != nullptr) choices_.guard->require_within_limits();
        const auto left = std::chrono::duration<double>(deadline - connection_.clock.steady_now());
        say("compute", 1 - left / std::chrono::duration<double>(window));
    };
    std::vector<popw::ProvingDevice*> devices;
    for (const auto& device : devices_) devices.push_back(device.get());
    auto computing = std::async(std::launch::async, [&] {
        return run_compute_phase(worker_, devices, start_, deadline, on_round, report_.devices_left_out);
    });
    submit_heartbeat();
    return computing.get();
}

std::vector<Bytes> SlotSession::submit_mark(const Bytes& mark, std::uint64_t members, std::string_view phase) {
    auto receipts = in_committee_order(committee_->submit_mark(mark, members));
    for (const auto& receipt : receipts) keep_receipt(receipt, phase);
    return receipts;
}

// A phase in which nobody is left does not commit to anything.
void SlotSession::require_filled(const MemoryPhase& memory) const {
    if (!memory.is_empty()) return;
    throw Error(ErrorKind::environment, "no memory is left in the proof");
}

// Fills, holds and walks memory. Nothing when memory is not claimed, the system refuses it or it came too late: then
// the slot counts with its compute part alone.
std::unique_ptr<MemoryPhase> SlotSession::prove_memory(const ComputePhase& compute) {
    const auto& params = worker_.params;
    if (worker_.held_memory_limit_bytes == 0 && worker_.gpus.empty()) return nullptr;
    try {
        say("fill memory", 0);
        auto memory = std::make_unique<MemoryPhase>(worker_, start_, compute, times_.steady_t0 + params.walk_at,
                                                    memory_left_out_);
        require_filled(*memory);
        const auto walk_beacons =
            receive_beacons(popw::BeaconPhase::walk, params.walk_at, start_.committee_bitmap, committee_->quorum());
        const auto hold_mark = memory->begin(walk_beacons);
        require_filled(*memory);
        auto receipts = submit_mark(hold_mark, memory->committee_bitmap(), "hold");
        say("walk through memory", 0);
        const auto walk_end = params.walk_at + params.walk_window - params.safety_margin;
        const auto walk_mark = memory->finish(times_.steady_t0 + walk_end);
        require_filled(*memory);
        const auto walk = submit_mark(walk_mark, memory->committee_bitmap(), "walk");
        receipts.insert(receipts.end(), walk.begin(), walk.end());
        memory_receipts_ = std::move(receipts);
        return memory;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::environment && error.kind() != ErrorKind::refused) throw;
        memory_fault_ = error.message();
        return nullptr;
    }
}

popw::ProofFile SlotSession::make_device_proof(const ComputedDevice& computed, const ComputePhase& phase,
                                               MemoryPhase* memory) {
    if (memory == nullptr || !memory->has(*computed.device))
        return make_proof(worker_, start_, computed, phase.mark, nullptr,
                          {query_beacons(start_.committee_bitmap), compute_receipts_});
    auto receipts = compute_receipts_;
    receipts.insert(receipts.end(), memory_receipts_.begin(), memory_receipts_.end());
    try {
        return make_proof(worker_, start_, computed, phase.mark, memory,
                          {query_beacons(memory->committee_bitmap()), receipts});
    } catch (const Error& error) { // a GPU that is lost now has computed all the same
        if (error.kind() != ErrorKind::environment) throw;
        memory->leave_out(*computed.device, error.message());
        return make_device_proof(computed, phase, memory);
    }
}

// One for each device that has something to show; when none has, the first one's error is the run's.
void SlotSession::make_proofs(const ComputePhase& phase, MemoryPhase* memory) {
    std::optional<Error> first_failure;
    for (const auto& computed : phase.devices) {
        const auto& identity = computed.device->identity();
        std::optional<popw::ProofFile> file;
        popw::Verification verification;
        try {
            file = make_device_proof(computed, phase, memory);
            verification = require_acceptable(worker_, *file);
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::internal) throw;
            report_.devices_left_out.push_back({identity.name, identity.uuid, error.message()});
            if (!first_failure) first_failure = error;
            continue;
        }
        keep_proof(*file);
        report_.devices.push_back(describe_device(worker_, identity, verification));
        verification.cpu_seconds += report_.verification ? report_.verification->cpu_seconds : 0;
        report_.verification = std::move(verification);
    }
    if (report_.devices.empty()) throw *first_failure;
}

void SlotSession::tell_left_out_memory() {
    for (const auto& [device, uuid, reason] : memory_left_out_) {
        if (!report_.left_out.empty()) report_.left_out += "; ";
        report_.left_out += uuid.empty() ? reason : fmt::format("{}: {}", device, reason);
    }
    if (report_.left_out.empty()) report_.left_out = memory_fault_;
}

// Into the outbox first, before anything is sent.
void SlotSession::keep_proof(const popw::ProofFile& file) {
    Outbox(directory_.outbox()).add(file);
    if (!choices_.out) return;
    report_.files.push_back(*choices_.out / popw::proof_file_name(*popw::find_proof_identity(file.proof)));
    save_file(report_.files.back(), popw::encode_proof_file(file));
}

void SlotSession::keep_receipt(const Bytes& bytes, std::string_view phase) {
    const auto receipt = popw::decode_receipt(bytes);
    ReceiptLog(directory_.receipts()).append(bytes, connection_.clock.now());
    report_.receipts.push_back(
        {.issuer = receipt->issuer, .phase = std::string(phase), .received_us = receipt->received_us});
}

// Beacon B or C of those members, of as many as are needed; `since_t0` is when they appear.
MemberAnswers SlotSession::receive_beacons(popw::BeaconPhase phase, popw::Microseconds since_t0, std::uint64_t members,
                                           std::size_t needed) {
    say("wait for the next beacon", 1);
    const auto moment = times_.t0 + since_t0;
    if (!connection_.clock.sleep_until(moment - std::chrono::seconds(1), connection_.stop))
        throw Error(ErrorKind::interrupted, "interrupted", "this slot is lost; the next one is not");
    return committee_->fetch_beacons(times_.slot, phase, members, needed, moment + beacon_patience());
}

// Beacons C of all whom a device's last mark names, and nobody else: a worker must not choose among queries.
const std::vector<Bytes>& SlotSession::query_beacons(std::uint64_t bitmap) {
    if (const auto known = query_beacons_.find(bitmap); known != query_beacons_.end()) return known->second;
    const auto& params = worker_.params;
    const bool is_memory_slot = popw::has_memory_phase(params, start_.schedule_word);
    const auto answers =
        receive_beacons(popw::BeaconPhase::query, is_memory_slot ? params.memory_query_at : params.compute_query_at,
                        bitmap, static_cast<std::size_t>(std::popcount(bitmap)));
    return query_beacons_[bitmap] = in_committee_order(answers);
}

std::chrono::milliseconds SlotSession::beacon_patience() const {
    return std::min(longest_beacon_delay, connection_.timeout);
}

void SlotSession::pause_for_splay() const {
    if (choices_.splay <= std::chrono::seconds(0)) return;
    const auto word = load_le<std::uint64_t>(sha256({bytes_of("kaisar/1/splay\n"), worker_.node_id}).data());
    const std::chrono::milliseconds pause(
        word % static_cast<std::uint64_t>(std::chrono::milliseconds(choices_.splay).count()));
    connection_.clock.sleep_until(connection_.clock.now() + pause, connection_.stop);
}

} // namespace kaisar
