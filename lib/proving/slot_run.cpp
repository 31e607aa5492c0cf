#include "proving/slot_run.h"

#include "crypto/hash.h"
#include "error/error.h"
#include "popw_rules/committee.h"
#include "proving/memory_phase.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

/// How long the device is measured before its profile is chosen.
constexpr std::chrono::milliseconds measuring_time{250};

popw::Contribution contribution_of(const popw::Beacon& beacon) {
    return {.checker_id = popw::id_of_key(beacon.issuer), .value = beacon.value};
}

popw::Beacon require_beacon(const Bytes& bytes) {
    const auto beacon = popw::decode_beacon(bytes);
    if (!beacon)
        throw Error(ErrorKind::network, "a beacon is not in the form of PoPW/1", "tell the network's operator");
    return *beacon;
}

double measure_rate(const ProvingWorker& worker, const Bytes32& uid) {
    const auto& smallest = *popw::find_profile(worker.params.profiles.front());
    const auto seed = sha256({bytes_of("kaisar/1/rate\n"), uid});
    double best = 0;
    for (const auto id : worker.params.profiles) {
        const auto& profile = *popw::find_profile(id);
        if (popw::ComputeProver::memory_bytes(worker.primitives, profile, worker.threads, 1) >
            worker.memory_limit_bytes)
            break;
        if (best > 0 && static_cast<double>(profile.macs_per_round()) >
                            best * std::chrono::duration<double>(measuring_time).count())
            break;
        popw::ComputeProver prover(worker.primitives, profile, worker.threads);
        const auto run = prover.run(seed, {.deadline = std::chrono::steady_clock::now() + measuring_time,
                                           .round_limit = popw::hard_round_limit,
                                           .stop = worker.stop,
                                           .on_round = {}});
        best = std::max(best, static_cast<double>(run.macs()) / std::chrono::duration<double>(run.elapsed).count());
    }
    if (best == 0)
        throw Error(
            ErrorKind::environment,
            fmt::format("not even profile {} fits into {} bytes of memory", smallest.name, worker.memory_limit_bytes),
            "allow more with --max-memory");
    return best;
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

ComputeDevice::ComputeDevice(const ProvingWorker& worker)
    : uid_(sha256({bytes_of("kaisar/1/device\n"), worker.node_id, bytes_of("cpu")})) {
    macs_per_s_ = measure_rate(worker, uid_);
    const auto& profile =
        popw::choose_profile(worker.params, macs_per_s_, worker.primitives, worker.threads, worker.memory_limit_bytes);
    prover_ = std::make_unique<popw::ComputeProver>(worker.primitives, profile, worker.threads);
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

ComputePhase run_compute_phase(const ProvingWorker& worker, const ComputeDevice& device, const SlotStart& start,
                               popw::SteadyTime deadline, const std::function<void(std::uint32_t rounds)>& on_round) {
    const auto slot_seed = popw::slot_seed(popw::params_hash(worker.params), start.slot, worker.node_id, start.value);
    const auto seed =
        popw::device_seed(slot_seed, ComputeDevice::index, popw::DeviceKind::cpu, device.uid(), device.profile().id);
    ComputePhase phase{.run = device.prover().run(seed, {.deadline = deadline,
                                                         .round_limit = worker.params.round_limit,
                                                         .stop = worker.stop,
                                                         .on_round = on_round}),
                       .mark = {}};
    if (worker.stop.stop_requested())
        throw Error(ErrorKind::interrupted, "interrupted", "this slot is lost; the next one is not");
    popw::require_consistent(worker.primitives, phase.run);
    auto mark = make_mark(worker, start, popw::MarkPhase::compute);
    mark.devices.push_back({.index = ComputeDevice::index,
                            .kind = popw::DeviceKind::cpu,
                            .shape = static_cast<std::uint8_t>(device.profile().id),
                            .count = static_cast<std::uint32_t>(phase.run.roots.size()),
                            .pages = 0,
                            .uid = device.uid(),
                            .commit = phase.run.commit()});
    phase.mark = popw::encode_mark(mark, worker.key);
    return phase;
}

Bytes make_heartbeat(const ProvingWorker& worker, const SlotStart& start, popw::MarkStatus status) {
    auto mark = make_mark(worker, start, popw::MarkPhase::heartbeat);
    mark.status = status;
    return popw::encode_mark(mark, worker.key);
}

popw::ProofFile make_proof(const ProvingWorker& worker, const SlotStart& start, const ComputePhase& compute,
                           MemoryPhase* memory, const std::vector<Bytes>& query_beacons,
                           const std::vector<Bytes>& receipts) {
    popw::Proof proof{.epoch = start.slot.epoch,
                      .slot = start.slot.slot,
                      .device_index = ComputeDevice::index,
                      .node_id = worker.node_id,
                      .marks = {compute.mark},
                      .beacons = start.beacons,
                      .receipts = receipts,
                      .compute = {},
                      .memory = {}};
    if (memory != nullptr) {
        append_all(proof.marks, {memory->hold_mark(), memory->walk_mark()});
        append_all(proof.beacons, memory->beacons());
    }
    append_all(proof.beacons, query_beacons);
    const auto seed = popw::query_seed(query_value(worker, start, query_beacons, receipts),
                                       popw::mark_hash(proof.marks.back()), ComputeDevice::index);
    const auto rounds = static_cast<std::uint32_t>(compute.run.roots.size());
    const auto queries = popw::draw_tile_queries(worker.primitives, seed, rounds, compute.run.profile,
                                                 popw::tile_openings(worker.params, start.mode));
    proof.compute = popw::open_tiles(worker.primitives, compute.run, queries);
    if (memory != nullptr) proof.memory = memory->open(seed);
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
