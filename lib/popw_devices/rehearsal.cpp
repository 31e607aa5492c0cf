#include "popw_devices/rehearsal.h"

#include "crypto/hash.h"
#include "error/error.h"
#include "popw_devices/cpu_device.h"
#include "popw_rules/committee.h"

namespace kaisar::popw {
namespace {

constexpr std::uint32_t rehearsal_network_id = 0; // no real network has it

enum class Phases { compute_only, with_memory };

// The network's side, with keys that end with the rehearsal. The first checker also issues the schedule word.
class Stage {
public:
    Stage(const Params& params, SlotId slot, std::size_t checkers, Phases phases) : params_(params), slot_(slot) {
        for (std::size_t i = 0; i < checkers; ++i) {
            keys_.push_back(Ed25519Key::generate());
            secrets_.push_back(random_array<32>());
        }
        do schedule_word_ = random_array<32>();
        while (!is_active(params, schedule_word_) ||
               (phases == Phases::with_memory && !has_memory_phase(params, schedule_word_)));
    }

    std::vector<Bytes32> committee() const {
        std::vector<Bytes32> members;
        for (const auto& key : keys_) members.push_back(key.public_key());
        return members;
    }
    std::uint64_t bitmap() const {
        return keys_.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << keys_.size()) - 1;
    }

    Bytes schedule_beacon() const { return encode(BeaconPhase::schedule, keys_.front(), schedule_word_); }

    /// Every member's beacon of a phase, added to `out`; returns their combined value for the node.
    Bytes32 release(BeaconPhase phase, const Bytes32& node_id, std::vector<Bytes>& out) const {
        std::vector<Contribution> contributions;
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            const auto value = beacon_value(secrets_[i], phase, rehearsal_network_id, slot_);
            contributions.push_back({id_of_key(keys_[i].public_key()), value});
            out.push_back(encode(phase, keys_[i], value));
        }
        return combine_beacon(phase, slot_, schedule_word_, node_id, contributions);
    }

    /// Adds every checker's receipt of a mark.
    void receive(ByteView mark, MarkPhase phase, std::chrono::steady_clock::duration since_t0,
                 std::vector<Bytes>& receipts) const {
        const auto received = std::chrono::duration_cast<Microseconds>(since_t0).count();
        for (const auto& key : keys_)
            receipts.push_back(encode_receipt({.epoch = slot_.epoch,
                                               .slot = slot_.slot,
                                               .phase = phase,
                                               .issuer = key.public_key(),
                                               .mark_hash = mark_hash(mark),
                                               .received_us = static_cast<std::uint64_t>(received)},
                                              key));
    }

private:
    Bytes encode(BeaconPhase phase, const Ed25519Key& key, const Bytes32& value) const {
        const auto issued_at = t0_of(params_, slot_).time_since_epoch().count();
        return encode_beacon({.network_id = rehearsal_network_id,
                              .mode = BeaconMode::committee,
                              .phase = phase,
                              .epoch = slot_.epoch,
                              .slot = slot_.slot,
                              .params_hash = params_hash(params_),
                              .issuer = key.public_key(),
                              .value = value,
                              .issued_at_us = static_cast<std::uint64_t>(issued_at)},
                             key);
    }

    const Params& params_;
    SlotId slot_;
    std::vector<Ed25519Key> keys_;
    std::vector<Bytes32> secrets_;
    Bytes32 schedule_word_{};
};

const Profile& require_profile(const RehearsalOptions& options) {
    if (options.params.allows(options.profile_id)) return *find_profile(options.profile_id);
    throw Error(ErrorKind::usage,
                "profile " + std::to_string(options.profile_id) + " is not allowed by the constants \"" +
                    options.params.name + "\"",
                "choose one that they allow, or other constants with --params");
}

// The worker's side of one slot, step by step.
class Performance {
public:
    Performance(const RehearsalOptions& options, const Primitives& primitives)
        : options_(options), primitives_(primitives), slot_(slot_at(options.params, options.now)),
          stage_(options.params, slot_, is_self() ? 0 : options.checkers, phases()), device_(options.device) {
        if (device_ != nullptr) return;
        own_device_ = std::make_unique<CpuDevice>(
            DeviceSetup{.primitives = primitives, .params = options.params, .threads = options.threads, .stop = {}},
            &require_profile(options));
        device_ = own_device_.get();
    }

    Rehearsal play();

private:
    bool is_self() const { return options_.mode == BeaconMode::self; }
    Phases phases() const { return options_.memory_limit_bytes > 0 ? Phases::with_memory : Phases::compute_only; }
    Bytes32 start(Proof& proof) const;
    ComputeRun compute(const Bytes32& start_value, SteadyTime t0);
    Mark make_mark(MarkPhase phase, const Proof& proof, const Bytes32& value, const DeviceEntry& entry) const;
    void walk(const ComputeRun& run, Proof& proof);
    Rehearsal finish(const ComputeRun& run, const Proof& proof) const;

    const RehearsalOptions& options_;
    const Primitives& primitives_;
    const SlotId slot_;
    const Stage stage_;
    std::unique_ptr<ProvingDevice> own_device_;
    ProvingDevice* device_;
    const Ed25519Key node_ = Ed25519Key::generate();
    const Bytes32 node_id_ = id_of_key(node_.public_key());
};

Bytes32 Performance::start(Proof& proof) const {
    if (is_self()) return random_array<32>();
    proof.beacons.push_back(stage_.schedule_beacon());
    return stage_.release(BeaconPhase::start, node_id_, proof.beacons);
}

ComputeRun Performance::compute(const Bytes32& start_value, SteadyTime t0) {
    const auto& params = options_.params;
    const auto& [index, kind, uid, name, uuid, variant, threads] = device_->identity();
    const auto seed = device_seed(slot_seed(params_hash(params), slot_, node_id_, start_value), index, kind, uid,
                                  device_->profile().id);
    auto run = device_->compute(seed, {.deadline = t0 + params.compute_window - params.safety_margin,
                                       .round_limit = params.round_limit,
                                       .stop = options_.stop,
                                       .on_round = options_.on_round});
    if (run.roots.empty()) throw Error(ErrorKind::interrupted, "stopped before the first round was finished");
    require_consistent(primitives_, run);
    return run;
}

Mark Performance::make_mark(MarkPhase phase, const Proof& proof, const Bytes32& value, const DeviceEntry& entry) const {
    return {.phase = phase,
            .mode = options_.mode,
            .epoch = slot_.epoch,
            .slot = slot_.slot,
            .node_id = node_id_,
            .previous_mark = proof.marks.empty() ? Bytes32{} : mark_hash(proof.marks.back()),
            .beacon_value = value,
            .committee_bitmap = stage_.bitmap(),
            .devices = {entry}};
}

void Performance::walk(const ComputeRun& run, Proof& proof) {
    const auto& identity = device_->identity();
    const auto pages = device_->take_memory({.host_limit_bytes = options_.memory_limit_bytes, .stop = options_.stop});
    device_->fill(memory_seed(run.device_seed, mark_hash(proof.marks.front()), memory_of(identity.kind), pages),
                  options_.stop);
    const auto started = std::chrono::steady_clock::now();
    const auto since_t0 = [&] { return std::chrono::steady_clock::now() - started + options_.params.walk_at; };
    const auto value = stage_.release(BeaconPhase::walk, node_id_, proof.beacons);
    device_->begin_walk(value);
    const auto add_mark = [&](MarkPhase phase, const DeviceEntry& entry) {
        proof.marks.push_back(encode_mark(make_mark(phase, proof, value, entry), node_));
        stage_.receive(proof.marks.back(), phase, since_t0(), proof.receipts);
    };
    add_mark(MarkPhase::hold, make_hold_entry(device_->walked(), identity.index, identity.uid));
    device_->continue_walk(started + options_.params.walk_window, options_.stop);
    add_mark(MarkPhase::walk, make_walk_entry(device_->walked(), identity.index, identity.uid));
}

Rehearsal Performance::play() {
    const auto& identity = device_->identity();
    Proof proof{.epoch = slot_.epoch, .slot = slot_.slot, .device_index = identity.index, .node_id = node_id_};
    const auto t0 = std::chrono::steady_clock::now();
    const auto start_value = start(proof);
    const auto run = compute(start_value, t0);
    const auto entry = make_compute_entry(run, identity.index, identity.kind, identity.uid);
    proof.marks.push_back(encode_mark(make_mark(MarkPhase::compute, proof, start_value, entry), node_));
    stage_.receive(proof.marks.back(), MarkPhase::compute, std::chrono::steady_clock::now() - t0, proof.receipts);
    if (phases() == Phases::with_memory) walk(run, proof);

    const auto hash = mark_hash(proof.marks.back());
    const auto query_value =
        is_self() ? self_query_value(hash) : stage_.release(BeaconPhase::query, node_id_, proof.beacons);
    const auto seed = query_seed(query_value, hash, identity.index);
    const auto rounds = static_cast<std::uint32_t>(run.roots.size());
    const auto tiles = tile_openings(options_.params, options_.mode);
    proof.compute = open_tiles(primitives_, run, draw_tile_queries(primitives_, seed, rounds, run.profile, tiles));
    if (phases() == Phases::with_memory) {
        const auto& walked = device_->walked();
        proof.memory =
            device_->open_walk(draw_walk_queries(primitives_, seed, options_.params, walked.walkers_log2,
                                                 walked.hold_batches, static_cast<std::uint32_t>(walked.roots.size())));
    }
    return finish(run, proof);
}

Rehearsal Performance::finish(const ComputeRun& run, const Proof& proof) const {
    Rehearsal rehearsal{.file = {.params = options_.params,
                                 .network_id = rehearsal_network_id,
                                 .node_key = node_.public_key(),
                                 .committee = stage_.committee(),
                                 .proof = encode_proof(proof, node_)}};
    if (!is_self()) {
        rehearsal.file.schedule_issuer = rehearsal.file.committee.front();
        rehearsal.file.quorum = rehearsal.file.committee.size() / 2 + 1;
    }
    rehearsal.rounds = static_cast<std::uint32_t>(run.roots.size());
    rehearsal.macs_per_s = static_cast<double>(run.macs()) / std::chrono::duration<double>(run.elapsed).count();
    rehearsal.verification = verify_proof_file(rehearsal.file, primitives_);
    const auto& found = rehearsal.verification;
    rehearsal.attested =
        attested_rates({.macs = found.macs,
                        .compute_us = found.compute_us,
                        .walk_bytes = found.walk_bytes,
                        .walk_us = found.walk_us,
                        .held_bytes = found.held_bytes,
                        .hold = found.held_bytes > 0 ? HoldOutcome::held : HoldOutcome::missed,
                        .memory = device_->identity().kind == DeviceKind::cuda ? MemoryKind::device : MemoryKind::host},
                       options_.params);
    return rehearsal;
}

} // namespace

Rehearsal rehearse(const RehearsalOptions& options, const Primitives& primitives) {
    check(options.mode == BeaconMode::self ||
              (options.mode == BeaconMode::committee && options.checkers >= 1 && options.checkers <= 64),
          "a rehearsal plays mode 0, or mode 1 with a committee");
    check(options.mode == BeaconMode::committee || options.memory_limit_bytes == 0,
          "memory is proved in mode committee only");
    return Performance(options, primitives).play();
}

} // namespace kaisar::popw
