/// A checker with a clock that the test sets, and a worker that really computes: profile T0 takes about a millisecond a
/// round.
#pragma once

#include "bytes/hex.h"
#include "checker/checker_host.h"
#include "crypto/hash.h"
#include "hardware/cpu_features.h"
#include "popw/compute_prover.h"
#include "popw_rules/committee.h"
#include "unit/network/temporary_store.h"

#include <fmt/format.h>

namespace kaisar::checker {

class SetClock final : public Clock {
public:
    Instant now() const override { return now_; }
    std::chrono::steady_clock::time_point steady_now() const override {
        return std::chrono::steady_clock::time_point(now_.time_since_epoch());
    }
    bool sleep_until(Instant deadline, std::stop_token) const override {
        now_ = std::max(now_, deadline);
        return true;
    }
    void set(Instant now) { now_ = now; }

private:
    mutable Instant now_{std::chrono::seconds(1'800'000'000)};
};

/// The test constants, in which every slot is active and none has a memory phase.
inline popw::Params played_params() {
    auto params = *popw::find_params("test");
    params.memory_threshold = 0;
    return params;
}

class Stage {
public:
    explicit Stage(popw::Params constants_in_force = played_params(), std::size_t checker_count = 1)
        : params(std::move(constants_in_force)), checkers(checker_count) {}

    popw::Params params;
    std::size_t checkers;
    network::TemporaryStore temporary;
    network::Store& store = *temporary.store;
    SetClock clock;
    network::NetworkKeys keys = network::load_or_make_network_keys(temporary.directory / "network.keys", checkers);
    popw::Primitives primitives = popw::choose_primitives(detect_cpu_features());
    CheckerHost host{store, clock, keys, constants(), primitives};
    Checker& checker = host.peer();
    Ed25519Key node = Ed25519Key::generate();
    Bytes32 node_id = popw::id_of_key(node.public_key());

    NetworkConstants constants() const {
        NetworkConstants made{.params = params,
                              .params_hash = params_hash(params),
                              .network_id = 5,
                              .checker_keys = {},
                              .committee_size = checkers,
                              .schedule_key = keys.portal.public_key(),
                              .schedule_secret = keys.schedule.view()};
        for (const auto& each : keys.checkers) made.checker_keys.push_back(each.signing.public_key());
        return made;
    }

    void insert_worker(network::WorkerState state = network::WorkerState::registered) {
        store.write([&](network::RecordWriter& records) {
            records.insert_worker({.node_id = node_id,
                                   .public_key = node.public_key(),
                                   .name = "played",
                                   .owner = "",
                                   .state = state,
                                   .created_at = clock.now(),
                                   .changed_at = clock.now()});
        });
    }

    network::ServerAnswer ask(const std::string& method, const std::string& target, ByteView body = {}) {
        network::ServerRequest request{.http = {.method = method,
                                                .authority = "localhost",
                                                .target = target,
                                                .headers = {},
                                                .body = std::string(text_of(body))},
                                       .address = "127.0.0.1",
                                       .received_at = clock.now()};
        return host.answer(request);
    }

    HttpResponse get(const std::string& target) { return std::get<HttpResponse>(ask("GET", target)); }
    HttpResponse post(const std::string& target, ByteView body) {
        return std::get<HttpResponse>(ask("POST", target, body));
    }

    std::string beacon_target(popw::SlotId slot, char phase) const {
        return fmt::format("/popw/v1/beacon/{}/{}/{}", slot.epoch, slot.slot, phase);
    }
    Bytes fetch_beacon(popw::SlotId slot, char phase) {
        const auto body = get(beacon_target(slot, phase)).body;
        return Bytes(body.begin(), body.end());
    }

    popw::SlotId coming_slot() const { return upcoming_slot(params, clock.now()); }
};

inline Bytes body_of(const HttpResponse& response) { return Bytes(response.body.begin(), response.body.end()); }

/// A worker's part of one slot or challenge; the stage's clock goes along.
class PlayedRun {
public:
    /// A scheduled slot: the clock is set to its T0.
    PlayedRun(Stage& stage, popw::SlotId slot) : stage_(stage), slot_(slot), t0_(t0_of(stage.params, slot)) {
        stage.clock.set(t0_);
        beacons_ = {stage.fetch_beacon(slot, 'S'), stage.fetch_beacon(slot, 'A')};
        word_ = popw::decode_beacon(beacons_[0])->value;
        start(popw::decode_beacon(beacons_[1])->value);
    }
    /// An on-demand challenge.
    PlayedRun(Stage& stage, const network::ChallengeRecord& challenge)
        : stage_(stage), slot_{challenge.epoch, challenge.slot}, t0_(challenge.issued_at),
          mode_(popw::BeaconMode::on_demand) {
        beacons_ = {challenge.beacon};
        start(popw::decode_beacon(challenge.beacon)->value);
    }

    popw::SlotId slot() const { return slot_; }
    Instant t0() const { return t0_; }

    /// A mark as the worker would send it; change `mark` before it is signed.
    Bytes make_mark(
        popw::MarkPhase phase, const std::function<void(popw::Mark&)>& change = [](popw::Mark&) {}) const {
        popw::Mark mark{.phase = phase,
                        .status = popw::MarkStatus::ready,
                        .mode = mode_,
                        .epoch = slot_.epoch,
                        .slot = slot_.slot,
                        .node_id = stage_.node_id,
                        .previous_mark = {},
                        .beacon_value = value_,
                        .committee_bitmap = 1,
                        .devices = {}};
        if (phase == popw::MarkPhase::compute)
            mark.devices.push_back({.index = 0,
                                    .kind = popw::DeviceKind::cpu,
                                    .shape = 0,
                                    .count = static_cast<std::uint32_t>(run_.roots.size()),
                                    .pages = 0,
                                    .uid = {},
                                    .commit = run_.commit()});
        change(mark);
        return encode_mark(mark, stage_.node);
    }

    void compute(std::uint32_t rounds = 3) {
        const auto seed = popw::device_seed(popw::slot_seed(params_hash(stage_.params), slot_, stage_.node_id, value_),
                                            0, popw::DeviceKind::cpu, {}, 0);
        popw::ComputeProver prover(stage_.primitives, *popw::find_profile(0u), 1);
        run_ = prover.run(seed, {.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1),
                                 .round_limit = rounds,
                                 .stop = {},
                                 .on_round = {}});
    }

    /// Sends the compute mark `after` T0 and keeps the receipt.
    HttpResponse send_compute_mark(std::chrono::milliseconds after) {
        stage_.clock.set(t0_ + after);
        mark_ = make_mark(popw::MarkPhase::compute);
        const auto response = stage_.post("/popw/v1/mark", mark_);
        receipt_ = body_of(response);
        return response;
    }

    /// Once the query is out; `change` may spoil the proof before it is signed.
    Bytes make_proof(const std::function<void(popw::Proof&)>& change = [](popw::Proof&) {}) {
        Bytes32 query{};
        if (mode_ == popw::BeaconMode::on_demand) {
            query = popw::decode_receipt(receipt_)->value;
        } else {
            stage_.clock.set(t0_ + stage_.params.compute_query_at);
            if (beacons_.size() == 2) beacons_.push_back(stage_.fetch_beacon(slot_, 'C'));
            query = popw::decode_beacon(beacons_.back())->value;
        }
        const auto seed = popw::query_seed(combine(popw::BeaconPhase::query, query), popw::mark_hash(mark_), 0);
        const auto queries =
            popw::draw_tile_queries(stage_.primitives, seed, static_cast<std::uint32_t>(run_.roots.size()),
                                    run_.profile, popw::tile_openings(stage_.params, mode_));
        popw::Proof proof{.epoch = slot_.epoch,
                          .slot = slot_.slot,
                          .device_index = 0,
                          .node_id = stage_.node_id,
                          .marks = {mark_},
                          .beacons = beacons_,
                          .receipts = {receipt_},
                          .compute = popw::open_tiles(stage_.primitives, run_, queries),
                          .memory = {}};
        change(proof);
        return encode_proof(proof, stage_.node);
    }

    /// The whole of it with a verdict at the end.
    Bytes prove() {
        compute();
        send_compute_mark(std::chrono::milliseconds(150));
        auto proof = make_proof();
        stage_.post("/popw/v1/proof", proof);
        while (stage_.host.decide_next()) {
        }
        return proof;
    }

private:
    Bytes32 combine(popw::BeaconPhase phase, const Bytes32& value) const {
        const popw::Contribution contribution{.checker_id = popw::id_of_key(stage_.keys.peer().public_key()),
                                              .value = value};
        return combine_beacon(phase, slot_, word_, stage_.node_id, std::span(&contribution, 1));
    }
    void start(const Bytes32& value) { value_ = combine(popw::BeaconPhase::start, value); }

    Stage& stage_;
    popw::SlotId slot_;
    Instant t0_;
    popw::BeaconMode mode_ = popw::BeaconMode::committee;
    std::vector<Bytes> beacons_;
    Bytes32 word_{};
    Bytes32 value_{};
    popw::ComputeRun run_;
    Bytes mark_;
    Bytes receipt_;
};

} // namespace kaisar::checker
