#include "popw/rehearsal.h"

#include "crypto/hash.h"
#include "error/error.h"
#include "popw_rules/committee.h"

namespace kaisar::popw {
namespace {

constexpr std::uint32_t rehearsal_network_id = 0; // no real network has it
constexpr std::uint16_t device_index = 0;

// The network's side, with keys that end with the rehearsal. The first checker also issues the schedule word.
class Stage {
public:
    Stage(const Params& params, SlotId slot, std::size_t checkers) : params_(params), slot_(slot) {
        for (std::size_t i = 0; i < checkers; ++i) {
            keys_.push_back(Ed25519Key::generate());
            secrets_.push_back(random_array<32>());
        }
        do schedule_word_ = random_array<32>();
        while (!is_active(params, schedule_word_));
    }

    std::vector<Bytes32> committee() const {
        std::vector<Bytes32> members;
        for (const auto& key : keys_) members.push_back(key.public_key());
        return members;
    }
    std::uint64_t bitmap() const { return keys_.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << keys_.size()) - 1; }

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

    std::vector<Bytes> receive(const Bytes32& mark, std::chrono::steady_clock::duration since_t0) const {
        const auto received = std::chrono::duration_cast<Microseconds>(since_t0).count();
        std::vector<Bytes> receipts;
        for (const auto& key : keys_)
            receipts.push_back(encode_receipt({.epoch = slot_.epoch,
                                               .slot = slot_.slot,
                                               .phase = MarkPhase::compute,
                                               .issuer = key.public_key(),
                                               .mark_hash = mark,
                                               .received_us = static_cast<std::uint64_t>(received)},
                                              key));
        return receipts;
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
    throw Error(ErrorKind::usage, "profile " + std::to_string(options.profile_id) + " is not allowed by the constants \"" +
                                      options.params.name + "\"",
                "choose one that they allow, or other constants with --params");
}

// The worker's side of one slot, step by step.
class Performance {
public:
    Performance(const RehearsalOptions& options, const Primitives& primitives)
        : options_(options), primitives_(primitives), profile_(require_profile(options)),
          slot_(slot_at(options.params, options.now)), stage_(options.params, slot_, is_self() ? 0 : options.checkers),
          prover_(primitives, profile_, options.threads) {}

    Rehearsal play();

private:
    bool is_self() const { return options_.mode == BeaconMode::self; }
    Bytes32 start(Proof& proof) const;
    ComputeRun compute(const Bytes32& start_value, SteadyTime t0);
    Bytes make_mark(const ComputeRun& run, const Bytes32& start_value) const;

    const RehearsalOptions& options_;
    const Primitives& primitives_;
    const Profile& profile_;
    const SlotId slot_;
    const Stage stage_;
    ComputeProver prover_;
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
    const auto seed = device_seed(slot_seed(params_hash(params), slot_, node_id_, start_value), device_index, DeviceKind::cpu,
                                  options_.device_uid, profile_.id);
    auto run = prover_.run(seed, {.deadline = t0 + params.compute_window - params.safety_margin,
                                 .round_limit = params.round_limit,
                                 .stop = options_.stop,
                                 .on_round = options_.on_round});
    if (run.roots.empty()) throw Error(ErrorKind::interrupted, "stopped before the first round was finished");
    require_consistent(primitives_, run);
    return run;
}

Bytes Performance::make_mark(const ComputeRun& run, const Bytes32& start_value) const {
    return encode_mark({.phase = MarkPhase::compute,
                        .mode = options_.mode,
                        .epoch = slot_.epoch,
                        .slot = slot_.slot,
                        .node_id = node_id_,
                        .beacon_value = start_value,
                        .committee_bitmap = stage_.bitmap(),
                        .devices = {make_compute_entry(run, device_index, DeviceKind::cpu, options_.device_uid)}},
                       node_);
}

Rehearsal Performance::play() {
    Proof proof{.epoch = slot_.epoch, .slot = slot_.slot, .device_index = device_index, .node_id = node_id_};
    const auto t0 = std::chrono::steady_clock::now();
    const auto start_value = start(proof);
    const auto run = compute(start_value, t0);
    proof.marks.push_back(make_mark(run, start_value));
    const auto hash = mark_hash(proof.marks.front());
    proof.receipts = stage_.receive(hash, std::chrono::steady_clock::now() - t0);
    const auto query_value = is_self() ? self_query_value(hash) : stage_.release(BeaconPhase::query, node_id_, proof.beacons);
    const auto queries = draw_tile_queries(primitives_, query_seed(query_value, hash, device_index),
                                           static_cast<std::uint32_t>(run.roots.size()), profile_,
                                           tile_openings(options_.params, options_.mode));
    proof.compute = open_tiles(primitives_, run, queries);

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
    rehearsal.attested = attested_rates({.macs = found.macs, .compute_us = found.compute_us}, options_.params);
    return rehearsal;
}

} // namespace

Rehearsal rehearse(const RehearsalOptions& options, const Primitives& primitives) {
    check(options.mode == BeaconMode::self ||
              (options.mode == BeaconMode::committee && options.checkers >= 1 && options.checkers <= 64),
          "a rehearsal plays mode 0, or mode 1 with a committee");
    return Performance(options, primitives).play();
}

} // namespace kaisar::popw
