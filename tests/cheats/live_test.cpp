// Cheats against a checker that runs: what it refuses to time, to take in or to count.
#include "checker/committee.h"
#include "popw/memory_prover.h"
#include "protocol/portal_messages_json.h"
#include "unit/checker/stage.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::checker;
using namespace std::chrono_literals;
using popw::MarkPhase;
using popw::VerdictCode;

namespace {

/// "200" or the refusal, "409 late".
std::string outcome(const HttpResponse& response) {
    if (response.status == 200 || response.status == 202) return std::to_string(response.status);
    return fmt::format("{} {}", response.status, decode_portal_failure(response.body).code);
}

/// The verdict on a proof that is posted now, or why it was not taken in.
std::string judge(Stage& stage, const Bytes& proof) {
    const auto taken = outcome(stage.post("/popw/v1/proof", proof));
    if (taken != "202") return taken;
    while (stage.host.decide_next()) {
    }
    const auto verdict =
        popw::decode_verdict(body_of(stage.get("/popw/v1/verdict/" + encode_hex(popw::proof_hash(proof)))));
    REQUIRE(verdict);
    CHECK((verdict->code == VerdictCode::ok || verdict->macs == 0));
    return std::string(name_of(verdict->code));
}

popw::Mark mark_in(const Bytes& encoded) { return *popw::decode_mark(encoded); }

/// A worker in a slot whose compute mark was received after 100 ms.
struct Marked {
    explicit Marked(std::uint32_t rounds = 2) : run((stage.insert_worker(), stage), stage.coming_slot()) {
        run.compute(rounds);
        REQUIRE(outcome(run.send_compute_mark(100ms)) == "200");
    }
    std::string judge_changed(const std::function<void(popw::Proof&)>& change) {
        return judge(stage, run.make_proof(change));
    }

    Stage stage;
    PlayedRun run;
};

} // namespace

TEST_CASE("live: two marks in one slot: the first counts, and no proof of the second is accepted") {
    Marked played;
    const auto second = played.run.make_mark(MarkPhase::compute, [](popw::Mark& mark) { mark.devices[0].uid[0] = 9; });
    CHECK(outcome(played.stage.post("/popw/v1/mark", second)) == "409 duplicate");
    CHECK(played.judge_changed([&](popw::Proof& proof) { proof.marks = {second}; }) == "commit-mismatch");
}

TEST_CASE("live: a late mark gets no receipt, and without one there is no proof") {
    Stage stage;
    stage.insert_worker();
    PlayedRun run(stage, stage.coming_slot());
    run.compute(2);
    CHECK(outcome(run.send_compute_mark(501ms)) == "409 late");
    const auto proof = run.make_proof([](popw::Proof& made) { made.receipts.clear(); });
    CHECK(judge(stage, proof) == "409 receipt-quorum");
}

TEST_CASE("live: a mark that is made when the query is out comes too late to be chosen") {
    Marked played;
    played.run.make_proof(); // the clock is at beacon C now
    for (std::uint8_t attempt = 1; attempt <= 4; ++attempt) {
        const auto ground =
            played.run.make_mark(MarkPhase::compute, [&](popw::Mark& mark) { mark.devices[0].uid[0] = attempt; });
        CHECK(outcome(played.stage.post("/popw/v1/mark", ground)) == "409 late");
    }
}

TEST_CASE("live: the query is not told before the last mark of the slot is due") {
    auto params = played_params();
    Stage stage(params);
    const auto slot = stage.coming_slot();
    const auto is_told = [&](Stage& asked, Instant::duration after) {
        asked.clock.set(t0_of(asked.params, slot) + after);
        return std::holds_alternative<HttpResponse>(asked.ask("GET", asked.beacon_target(slot, 'C')));
    };
    CHECK_FALSE(is_told(stage, params.compute_query_at - 1us));
    CHECK(is_told(stage, params.compute_query_at));
    params.memory_threshold = UINT64_MAX;
    Stage walking(params);
    CHECK_FALSE(is_told(walking, params.compute_query_at));
    CHECK_FALSE(is_told(walking, params.memory_query_at - 1us));
    CHECK(is_told(walking, params.memory_query_at));
}

TEST_CASE("live: a mark is good for its own slot, node and beacon only") {
    Marked played;
    auto& stage = played.stage;
    const auto old = played.run.make_mark(MarkPhase::compute);
    PlayedRun next(stage, popw::next_slot(stage.params, played.run.slot()));
    CHECK(outcome(stage.post("/popw/v1/mark", old)) == "409 late");
    auto mark = mark_in(old);
    mark.slot = next.slot().slot;
    mark.epoch = next.slot().epoch;
    CHECK(outcome(stage.post("/popw/v1/mark", encode_mark(mark, stage.node))) == "409 commit-mismatch");
    // With the new slot's beacon it is timed; what it commits to is still the old slot's work.
    next.compute(2);
    const auto renewed = next.make_mark(MarkPhase::compute, [&](popw::Mark& made) { made.devices = mark.devices; });
    const auto receipt = stage.post("/popw/v1/mark", renewed);
    REQUIRE(outcome(receipt) == "200");
    next.send_compute_mark(100ms); // refused: the renewed one came first
    const auto proof = next.make_proof([&](popw::Proof& made) {
        made.marks = {renewed};
        made.receipts = {body_of(receipt)};
    });
    CHECK(judge(stage, proof) == "commit-mismatch");
    // Another node that copies the mark: as it is, it only fetches this node's receipt; as its own it is on the wrong
    // beacon.
    auto thief = Ed25519Key::generate();
    mark = mark_in(next.make_mark(MarkPhase::heartbeat));
    mark.node_id = popw::id_of_key(thief.public_key());
    CHECK(outcome(stage.post("/popw/v1/mark", encode_mark(mark, thief))) == "404 unknown-worker");
    stage.node = std::move(thief);
    stage.node_id = mark.node_id;
    stage.insert_worker();
    stage.clock.set(next.t0() + 100ms);
    CHECK(outcome(stage.post("/popw/v1/mark", encode_mark(mark, stage.node))) == "409 commit-mismatch");
}

TEST_CASE("live: receipts of another slot, with another time, or of the prover's own making are refused") {
    Marked earlier;
    auto& stage = earlier.stage;
    Bytes old_receipt;
    earlier.run.make_proof([&](popw::Proof& proof) { old_receipt = proof.receipts[0]; });
    PlayedRun run(stage, popw::next_slot(stage.params, earlier.run.slot()));
    run.compute(2);
    REQUIRE(outcome(run.send_compute_mark(300ms)) == "200");
    const auto with_receipt = [&](const Bytes& receipt) {
        // Every proof of a device is its last word, so each is judged as a checker would, without being taken in.
        const auto bytes = run.make_proof([&](popw::Proof& proof) { proof.receipts = {receipt}; });
        popw::VerifierContext context;
        stage.store.read([&](const network::RecordReader& records) {
            context = make_verifier_context(records, stage.constants(),
                                            {.checker = popw::id_of_key(stage.keys.peer().public_key()),
                                             .hash = popw::proof_hash(bytes),
                                             .key = slot_key(stage.node_id, run.slot().epoch, run.slot().slot),
                                             .device = 0,
                                             .received_at = stage.clock.now(),
                                             .proof = bytes});
        });
        return verify_proof(bytes, context, stage.primitives).code;
    };
    Bytes right;
    run.make_proof([&](popw::Proof& proof) { right = proof.receipts[0]; });
    CHECK(with_receipt(right) == VerdictCode::ok);
    CHECK(with_receipt(old_receipt) == VerdictCode::receipt_quorum);
    auto receipt = *popw::decode_receipt(right);
    receipt.received_us = 1;
    CHECK(with_receipt(encode_receipt(receipt, stage.keys.peer())) ==
          VerdictCode::receipt_quorum); // not what was issued
    receipt.issuer = stage.node.public_key();
    CHECK(with_receipt(encode_receipt(receipt, stage.node)) ==
          VerdictCode::receipt_quorum); // by nobody in the committee
}

TEST_CASE("live: a proof counts once, whatever is sent again") {
    Marked played;
    const auto proof = played.run.make_proof();
    CHECK(judge(played.stage, proof) == "ok");
    CHECK(outcome(played.stage.post("/popw/v1/proof", proof)) == "202");
    CHECK_FALSE(played.stage.host.decide_next());
    const auto other = played.run.make_proof([](popw::Proof& made) { made.compute->openings[0].leaf[0] ^= 1; });
    CHECK(judge(played.stage, other) == "409 duplicate");
    // In the next slot it is still the proof of its own.
    PlayedRun next(played.stage, popw::next_slot(played.stage.params, played.run.slot()));
    CHECK(outcome(played.stage.post("/popw/v1/proof", proof)) == "202");
    CHECK_FALSE(played.stage.host.decide_next());
}

TEST_CASE("live: a device that was not marked proves nothing") {
    Marked played;
    CHECK(played.judge_changed([](popw::Proof& proof) { proof.device_index = 1; }) == "409 commit-mismatch");
    // Nor does one whose entry is put in afterwards.
    CHECK(played.judge_changed([&](popw::Proof& proof) {
        proof.device_index = 1;
        auto mark = mark_in(proof.marks[0]);
        mark.devices.push_back(mark.devices[0]);
        mark.devices.back().index = 1;
        proof.marks = {encode_mark(mark, played.stage.node)};
    }) == "409 commit-mismatch");
}

TEST_CASE("live: one device's work claimed for two is refused for the second") {
    Stage stage;
    stage.insert_worker();
    PlayedRun run(stage, stage.coming_slot());
    run.compute(2);
    stage.clock.set(run.t0() + 100ms);
    const auto mark = run.make_mark(MarkPhase::compute, [](popw::Mark& made) {
        made.devices.push_back(made.devices[0]);
        made.devices[1].index = 1;
    });
    const auto receipt = stage.post("/popw/v1/mark", mark);
    REQUIRE(outcome(receipt) == "200");
    run.send_compute_mark(100ms);
    const auto proof_of = [&](std::uint16_t device) {
        return run.make_proof([&](popw::Proof& proof) {
            proof.device_index = device;
            proof.marks = {mark};
            proof.receipts = {body_of(receipt)};
        });
    };
    CHECK(judge(stage, proof_of(1)) == "commit-mismatch");
}

TEST_CASE("live: a proof that nobody asked for, of mode self, is not timed") {
    Stage stage;
    stage.insert_worker();
    PlayedRun run(stage, stage.coming_slot());
    run.compute(2);
    stage.clock.set(run.t0() + 100ms);
    const auto self = run.make_mark(MarkPhase::compute, [](popw::Mark& mark) {
        mark.mode = popw::BeaconMode::self;
        mark.committee_bitmap = 0;
    });
    CHECK(outcome(stage.post("/popw/v1/mark", self)) == "400 malformed");
}

TEST_CASE("live: a skipped tile, a wrong root and rounds that were not done get their verdicts") {
    const std::pair<std::string, std::function<void(popw::Proof&)>> cheats[] = {
        {"malformed", [](popw::Proof& proof) { proof.compute->openings.clear(); }},
        {"path-mismatch", [](popw::Proof& proof) { proof.compute->openings[63].leaf = {}; }},
        {"commit-mismatch", [](popw::Proof& proof) { proof.compute->roots.push_back(proof.compute->roots.back()); }},
        {"limits", [](popw::Proof& proof) { proof.compute->roots.resize(2049); }},
    };
    for (const auto& [code, change] : cheats) CHECK(Marked().judge_changed(change) == code);
}

namespace {

/// A slot with a memory phase for one identity of a machine, whose hold mark is received `hold_after` beacon B.
class Identity {
public:
    Identity(Stage& stage, popw::SlotId slot)
        : stage_(stage), slot_(slot), t0_(t0_of(stage.params, slot)),
          memory_(stage.primitives, stage.params, 1 << 20, 1) {
        stage.node = Ed25519Key::generate();
        stage.node_id = popw::id_of_key(stage.node.public_key());
        stage.insert_worker();
    }

    std::string walk_and_judge(std::chrono::microseconds hold_after) {
        const auto& params = stage_.params;
        compute();
        stage_.clock.set(t0_ + params.walk_at);
        const auto value = fetch(popw::BeaconPhase::walk);
        memory_.begin_walk(value);
        send(MarkPhase::hold, value, make_hold_entry(memory_.run(), 0, {}), params.walk_at + hold_after);
        send(MarkPhase::walk, value, make_walk_entry(memory_.run(), 0, {}), params.walk_cutoff);
        stage_.clock.set(t0_ + params.memory_query_at);
        const auto query = popw::query_seed(fetch(popw::BeaconPhase::query), popw::mark_hash(proof_.marks.back()), 0);
        proof_.compute =
            open_tiles(stage_.primitives, run_,
                       draw_tile_queries(stage_.primitives, query, 2, *popw::find_profile(0u), params.tile_openings));
        const auto& walked = memory_.run();
        proof_.memory =
            memory_.open(draw_walk_queries(stage_.primitives, query, params, walked.walkers_log2, walked.hold_batches,
                                           static_cast<std::uint32_t>(walked.roots.size())));
        return judge(stage_, encode_proof(proof_, stage_.node));
    }

private:
    /// The combined value of a phase; its beacon goes into the proof.
    Bytes32 fetch(popw::BeaconPhase phase) {
        proof_.beacons.push_back(stage_.fetch_beacon(slot_, static_cast<char>(phase)));
        const auto value = popw::decode_beacon(proof_.beacons.back())->value;
        if (phase == popw::BeaconPhase::schedule) return word_ = value;
        const popw::Contribution own{popw::id_of_key(stage_.keys.peer().public_key()), value};
        return combine_beacon(phase, slot_, word_, stage_.node_id, {&own, 1});
    }

    void compute() {
        proof_.epoch = slot_.epoch;
        proof_.slot = slot_.slot;
        proof_.node_id = stage_.node_id;
        stage_.clock.set(t0_);
        fetch(popw::BeaconPhase::schedule);
        const auto start = fetch(popw::BeaconPhase::start);
        const auto seed = popw::device_seed(popw::slot_seed(params_hash(stage_.params), slot_, stage_.node_id, start),
                                            0, popw::DeviceKind::cpu, {}, 0);
        popw::ComputeProver prover(stage_.primitives, *popw::find_profile(0u), 1);
        run_ = prover.run(seed, {.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1),
                                 .round_limit = 2,
                                 .stop = {},
                                 .on_round = {}});
        send(MarkPhase::compute, start, make_compute_entry(run_, 0, popw::DeviceKind::cpu, {}), 100ms);
        memory_.fill(
            popw::memory_seed(seed, popw::mark_hash(proof_.marks[0]), popw::DeviceKind::host_memory, memory_.pages()),
            {});
    }

    void send(MarkPhase phase, const Bytes32& value, const popw::DeviceEntry& entry, std::chrono::microseconds after) {
        stage_.clock.set(t0_ + after);
        popw::Mark mark{.phase = phase,
                        .epoch = slot_.epoch,
                        .slot = slot_.slot,
                        .node_id = stage_.node_id,
                        .beacon_value = value,
                        .committee_bitmap = 1,
                        .devices = {entry}};
        if (!proof_.marks.empty()) mark.previous_mark = popw::mark_hash(proof_.marks.back());
        proof_.marks.push_back(encode_mark(mark, stage_.node));
        const auto response = stage_.post("/popw/v1/mark", proof_.marks.back());
        REQUIRE(outcome(response) == "200");
        proof_.receipts.push_back(body_of(response));
    }

    Stage& stage_;
    popw::SlotId slot_;
    Instant t0_;
    popw::MemoryProver memory_;
    popw::Proof proof_;
    popw::ComputeRun run_;
    Bytes32 word_{};
};

} // namespace

TEST_CASE("live: the second identity of one memory cannot answer with the first, and is too late after it") {
    auto params = played_params();
    params.memory_threshold = UINT64_MAX;
    params.hold_window -= 50ms; // so that a hold mark can be late before its walk mark is
    Stage stage(params);
    const auto slot = stage.coming_slot();
    CHECK(Identity(stage, slot).walk_and_judge(50ms) == "ok");
    // It has to fill the memory anew once the first has walked: 16 pages here, gigabytes in earnest.
    CHECK(Identity(stage, slot).walk_and_judge(params.hold_window + params.round_trip_limit) == "ok");
    CHECK(Identity(stage, slot).walk_and_judge(params.hold_window + params.round_trip_limit + 1us) == "hold-late");
}
