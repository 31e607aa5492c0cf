#include "slots/slot_run.h"

#include "crypto/hash.h"
#include "error/error.h"
#include "popw_devices/cpu_device.h"
#include "popw_devices/gpu_device.h"
#include "popw_rules/committee.h"
#include "slots/device_threads.h"
#include "slots/memory_phase.h"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>

namespace kaisar {
namespace {

popw::Contribution contribution_of(const popw::Beacon& beacon) {
    return {.checker_id = popw::id_of_key(beacon.issuer), .value = beacon.value};
}

popw::Beacon require_beacon(const Bytes& bytes) {
    const auto beacon = popw::decode_beacon(bytes);
    if (!beacon)
        throw Error(ErrorKind::network, "a beacon is not in the form of PoPW/1", "tell the network's operator");
    return *beacon;
}

/// The value of beacon C that the proof's queries are drawn from.
Bytes32 query_value(const ProvingWorker& worker, const SlotStart& start, const std::vector<Bytes>& query_beacons,
                    const std::vector<Bytes>& receipts) {
    if (start.mode != popw::BeaconMode::on_demand)
        return combine_beacons(worker, start, popw::BeaconPhase::query, query_beacons);
    const auto receipt = popw::decode_receipt(receipts.front());
    check(receipt.has_value(), "the checker client hands out decodable receipts");
    const popw::Contribution contribution{.checker_id = popw::id_of_key(receipt->issuer), .value = receipt->value};
    return popw::combine_beacon(popw::BeaconPhase::query, start.slot, start.schedule_word, worker.node_id,
                                {&contribution, 1});
}

void require_ok(const popw::Verification& verification, std::string_view kernels) {
    if (verification.ok()) return;
    throw Error(ErrorKind::mismatch,
                fmt::format("this machine's own proof does not verify with the {} kernels: {} ({})", kernels,
                            popw::name_of(verification.code), verification.detail),
                "the proof was not sent; look for unstable memory or overclocking, and run kaisar bench");
}

void append_all(std::vector<Bytes>& to, const std::vector<Bytes>& from) {
    to.insert(to.end(), from.begin(), from.end());
}

} // namespace

ProvingWorker make_proving_worker(const Ed25519Key& key, const NetworkProfile& network,
                                  const popw::Primitives& primitives, unsigned threads,
                                  std::uint64_t memory_limit_bytes, std::stop_token stop) {
    const auto params = popw::decode_params(network.params);
    if (!params)
        throw Error(ErrorKind::environment,
                    fmt::format("the constants in the profile of network {} are not those of PoPW/1", network.name),
                    "fetch the profile again, or update kaisar");
    popw::require_working(primitives);
    return {.key = key,
            .node_id = popw::id_of_key(key.public_key()),
            .network = network,
            .params = *params,
            .primitives = primitives,
            .threads = threads,
            .memory_limit_bytes = memory_limit_bytes,
            .stop = std::move(stop)};
}

namespace {

popw::DeviceSetup setup_of(const ProvingWorker& worker) {
    // A GPU's thread that waits for a processor's leaves the GPU idle.
    const auto others = std::min<std::size_t>(worker.gpus.size(), worker.threads - std::min(worker.threads, 1u));
    return {.primitives = worker.primitives,
            .params = worker.params,
            .node_id = worker.node_id,
            .threads = worker.threads - static_cast<unsigned>(others),
            .memory_limit_bytes = worker.memory_limit_bytes,
            .stop = worker.stop};
}

} // namespace

std::unique_ptr<popw::ProvingDevice> make_cpu_device(const ProvingWorker& worker) {
    return std::make_unique<popw::CpuDevice>(setup_of(worker));
}

DeviceList make_devices(const ProvingWorker& worker, std::vector<LeftOut>& left_out) {
    DeviceList devices;
    if (worker.host == HostUse::proves) devices.push_back(make_cpu_device(worker));
    DeviceList gpus(worker.gpus.size());
    const auto setup = setup_of(worker);
    const auto failures = run_each(
        gpus.size(), [&](std::size_t i) { gpus[i] = std::make_unique<popw::GpuDevice>(setup, *worker.gpus[i]); });
    for (std::size_t i = 0; i < gpus.size(); ++i) {
        const auto& facts = worker.gpus[i]->facts();
        if (failures[i])
            left_out.push_back({fmt::format("cuda:{}", facts.index), facts.uuid, failures[i]->message()});
        else
            devices.push_back(std::move(gpus[i]));
    }
    if (devices.empty())
        throw Error(ErrorKind::environment, "no device can prove: " + left_out.back().reason,
                    "kaisar bench --device all says how each of them is");
    return devices;
}

SlotStart make_scheduled_start(const ProvingWorker& worker, const Bytes& schedule_beacon,
                               const CommitteeClient& committee, const MemberAnswers& start_beacons) {
    const auto schedule = require_beacon(schedule_beacon);
    SlotStart start{.mode = popw::BeaconMode::committee,
                    .slot = {schedule.epoch, schedule.slot},
                    .schedule_word = schedule.value,
                    .committee = committee.public_keys(),
                    .committee_bitmap = bitmap_of(start_beacons),
                    .beacons = {schedule_beacon}};
    append_all(start.beacons, in_committee_order(start_beacons));
    start.value = combine_beacons(worker, start, popw::BeaconPhase::start, in_committee_order(start_beacons));
    return start;
}

SlotStart make_on_demand_start(const ProvingWorker& worker, const Bytes& bytes) {
    const auto beacon = require_beacon(bytes);
    if (beacon.mode != popw::BeaconMode::on_demand || beacon.phase != popw::BeaconPhase::start ||
        beacon.node_id != worker.node_id || beacon.params_hash != popw::params_hash(worker.params) ||
        beacon.network_id != worker.network.network_id)
        throw Error(ErrorKind::network, "the benchmark challenge is not for this worker and this network",
                    "run the same command again");
    SlotStart start{.mode = popw::BeaconMode::on_demand,
                    .slot = {beacon.epoch, beacon.slot},
                    .committee = {beacon.issuer},
                    .committee_bitmap = 1,
                    .beacons = {bytes}};
    const popw::Contribution contribution = contribution_of(beacon);
    start.value = popw::combine_beacon(popw::BeaconPhase::start, start.slot, start.schedule_word, worker.node_id,
                                       {&contribution, 1});
    return start;
}

popw::Mark make_mark(const ProvingWorker& worker, const SlotStart& start, popw::MarkPhase phase) {
    return {.phase = phase,
            .status = popw::MarkStatus::ready,
            .mode = start.mode,
            .epoch = start.slot.epoch,
            .slot = start.slot.slot,
            .node_id = worker.node_id,
            .previous_mark = {},
            .beacon_value = start.value,
            .committee_bitmap = start.committee_bitmap,
            .devices = {}};
}

Bytes32 combine_beacons(const ProvingWorker& worker, const SlotStart& start, popw::BeaconPhase phase,
                        const std::vector<Bytes>& beacons) {
    std::vector<popw::Contribution> contributions;
    for (const auto& bytes : beacons) contributions.push_back(contribution_of(require_beacon(bytes)));
    return popw::combine_beacon(phase, start.slot, start.schedule_word, worker.node_id, contributions);
}

namespace {

popw::ComputeRun compute(const ProvingWorker& worker, popw::ProvingDevice& device, const Bytes32& slot_seed,
                         const popw::RunLimits& limits) {
    const auto& identity = device.identity();
    const auto seed = popw::device_seed(slot_seed, identity.index, identity.kind, identity.uid, device.profile().id);
    auto run = device.compute(seed, limits);
    if (run.roots.empty() || limits.stop.stop_requested())
        throw Error(ErrorKind::interrupted, "interrupted", "this slot is lost; the next one is not");
    popw::require_consistent(worker.primitives, run);
    return run;
}

} // namespace

ComputePhase run_compute_phase(const ProvingWorker& worker, std::span<popw::ProvingDevice* const> devices,
                               const SlotStart& start, popw::SteadyTime deadline,
                               const std::function<void(std::uint32_t rounds)>& on_round,
                               std::vector<LeftOut>& left_out) {
    const auto slot_seed = popw::slot_seed(popw::params_hash(worker.params), start.slot, worker.node_id, start.value);
    std::stop_source stop;
    const std::stop_callback passed_on(worker.stop, [&] { stop.request_stop(); });
    std::mutex mutex;
    const popw::RunLimits limits{.deadline = deadline,
                                 .round_limit = worker.params.round_limit,
                                 .stop = stop.get_token(),
                                 .on_round = [&](std::uint32_t rounds) {
                                     const std::lock_guard lock(mutex);
                                     if (on_round) on_round(rounds);
                                 }};
    std::vector<std::optional<popw::ComputeRun>> runs(devices.size());
    const auto failures = run_each(
        devices.size(), [&](std::size_t i) { runs[i] = compute(worker, *devices[i], slot_seed, limits); }, stop);
    ComputePhase phase;
    auto mark = make_mark(worker, start, popw::MarkPhase::compute);
    for (std::size_t i = 0; i < devices.size(); ++i) {
        const auto& identity = devices[i]->identity();
        if (failures[i]) {
            left_out.push_back({identity.name, identity.uuid, failures[i]->message()});
            continue;
        }
        mark.devices.push_back(popw::make_compute_entry(*runs[i], identity.index, identity.kind, identity.uid));
        phase.devices.push_back({.device = devices[i], .run = std::move(*runs[i])});
    }
    if (phase.devices.empty()) throw *failures.front();
    phase.mark = popw::encode_mark(mark, worker.key);
    return phase;
}

Bytes make_heartbeat(const ProvingWorker& worker, const SlotStart& start, popw::MarkStatus status) {
    auto mark = make_mark(worker, start, popw::MarkPhase::heartbeat);
    mark.status = status;
    return popw::encode_mark(mark, worker.key);
}

popw::ProofFile make_proof(const ProvingWorker& worker, const SlotStart& start, const ComputedDevice& computed,
                           const Bytes& compute_mark, MemoryPhase* memory, const QuerySource& source) {
    const auto index = computed.device->identity().index;
    popw::Proof proof{.epoch = start.slot.epoch,
                      .slot = start.slot.slot,
                      .device_index = index,
                      .node_id = worker.node_id,
                      .marks = {compute_mark},
                      .beacons = start.beacons,
                      .receipts = source.receipts,
                      .compute = {},
                      .memory = {}};
    if (memory != nullptr) {
        append_all(proof.marks, {memory->hold_mark(), memory->walk_mark()});
        append_all(proof.beacons, memory->beacons());
    }
    append_all(proof.beacons, source.beacons);
    const auto seed = popw::query_seed(query_value(worker, start, source.beacons, source.receipts),
                                       popw::mark_hash(proof.marks.back()), index);
    const auto rounds = static_cast<std::uint32_t>(computed.run.roots.size());
    const auto queries = popw::draw_tile_queries(worker.primitives, seed, rounds, computed.run.profile,
                                                 popw::tile_openings(worker.params, start.mode));
    proof.compute = popw::open_tiles(worker.primitives, computed.run, queries);
    if (memory != nullptr) proof.memory = memory->open(*computed.device, seed);
    popw::ProofFile file{.params = worker.params,
                         .network_id = worker.network.network_id,
                         .node_key = worker.key.public_key(),
                         .schedule_issuer = worker.network.portal_key,
                         .committee = start.committee,
                         .quorum = static_cast<std::uint16_t>(popw::quorum_of(start.committee.size())),
                         .proof = popw::encode_proof(proof, worker.key)};
    return file;
}

popw::Verification require_acceptable(const ProvingWorker& worker, const popw::ProofFile& file) {
    auto verification = popw::verify_proof_file(file, worker.primitives);
    require_ok(verification, worker.primitives.gemm_variant);
    // What a fast kernel computes wrongly every time it also finds right every time: the plain ones have the last word.
    const auto plain = popw::choose_primitives({}, "reference");
    require_ok(popw::verify_proof_file(file, plain), plain.gemm_variant);
    return verification;
}

} // namespace kaisar
