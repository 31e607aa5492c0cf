#include "protocol/portal_messages_json.h"
#include "stage.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::checker;
using namespace kaisar::network;
using namespace std::chrono_literals;
using popw::VerdictCode;

namespace {

std::string refusal(const HttpResponse& response) {
    return fmt::format("{} {}", response.status, decode_portal_failure(response.body).code);
}

popw::Verdict verdict_of(Stage& stage, ByteView proof) {
    const auto response = stage.get("/popw/v1/verdict/" + encode_hex(popw::proof_hash(proof)));
    REQUIRE(response.status == 200);
    REQUIRE(popw::is_signed_by(body_of(response), stage.keys.peer().public_key()));
    return *popw::decode_verdict(body_of(response));
}

} // namespace

TEST_CASE("an honest proof is accepted, judged in its turn and credited with what was computed") {
    Stage stage;
    stage.insert_worker();
    PlayedRun run(stage, stage.coming_slot());
    run.compute(3);
    REQUIRE(run.send_compute_mark(150ms).status == 200);
    const auto proof = run.make_proof();
    CHECK(stage.post("/popw/v1/proof", proof).status == 202);
    CHECK(
        std::holds_alternative<AskAgain>(stage.ask("GET", "/popw/v1/verdict/" + encode_hex(popw::proof_hash(proof)))));
    CHECK(stage.checker.decide_next());
    CHECK_FALSE(stage.checker.decide_next());
    const auto verdict = verdict_of(stage, proof);
    CHECK(verdict.code == VerdictCode::ok);
    CHECK(verdict.macs == 3 * popw::find_profile(0u)->macs_per_round());
    CHECK(verdict.compute_us == 150'000);
    CHECK(stage.post("/popw/v1/proof", proof).status == 202);
    CHECK_FALSE(stage.checker.decide_next());
}

TEST_CASE("a proof is counted once: another one of the same device and slot is refused") {
    Stage stage;
    stage.insert_worker();
    PlayedRun run(stage, stage.coming_slot());
    run.compute(2);
    run.send_compute_mark(100ms);
    CHECK(stage.post("/popw/v1/proof", run.make_proof()).status == 202);
    const auto other = run.make_proof([](popw::Proof& proof) { proof.compute->openings.front().leaf[0] ^= 1; });
    CHECK(refusal(stage.post("/popw/v1/proof", other)) == "409 duplicate");
}

TEST_CASE("junk takes nobody's place: it is refused before it is kept") {
    Stage stage;
    PlayedRun run(stage, stage.coming_slot());
    run.compute(1);
    const auto unknown = popw::encode_proof({.epoch = run.slot().epoch,
                                             .slot = run.slot().slot,
                                             .node_id = stage.node_id,
                                             .marks = {},
                                             .beacons = {},
                                             .receipts = {}},
                                            stage.node);
    CHECK(refusal(stage.post("/popw/v1/proof", unknown)) == "404 unknown-worker");
    stage.insert_worker();
    CHECK(refusal(stage.post("/popw/v1/proof", unknown)) == "409 receipt-quorum");
    run.send_compute_mark(100ms);
    const auto proof = run.make_proof();
    auto forged = proof;
    forged.back() ^= 1;
    CHECK(refusal(stage.post("/popw/v1/proof", forged)) == "401 bad-signature");
    const auto other_device = run.make_proof([](popw::Proof& changed) { changed.device_index = 1; });
    CHECK(refusal(stage.post("/popw/v1/proof", other_device)) == "409 commit-mismatch");
    CHECK(refusal(stage.post("/popw/v1/proof", bytes_of("hello"))) == "400 malformed");
    CHECK(stage.get("/popw/v1/verdict/" + encode_hex(popw::proof_hash(forged))).status == 404);
    CHECK(stage.get("/popw/v1/verdict/zz").status == 404);
    CHECK(stage.post("/popw/v1/proof", proof).status == 202);
}

TEST_CASE("a proof with a changed root, leaf or path is rejected with its code") {
    using Change = std::function<void(popw::Proof&)>;
    const std::pair<VerdictCode, Change> cheats[] = {
        {VerdictCode::commit_mismatch, [](popw::Proof& proof) { proof.compute->roots[0][0] ^= 1; }},
        {VerdictCode::path_mismatch, [](popw::Proof& proof) { proof.compute->openings[0].siblings[0][0] ^= 1; }},
        {VerdictCode::path_mismatch, [](popw::Proof& proof) { proof.compute->openings[5].leaf[0] ^= 1; }},
        {VerdictCode::malformed, [](popw::Proof& proof) { proof.compute->openings.pop_back(); }},
    };
    for (const auto& [code, change] : cheats) {
        Stage stage;
        stage.insert_worker();
        PlayedRun run(stage, stage.coming_slot());
        run.compute(2);
        run.send_compute_mark(100ms);
        const auto proof = run.make_proof(change);
        REQUIRE(stage.post("/popw/v1/proof", proof).status == 202);
        REQUIRE(stage.checker.decide_next());
        const auto verdict = verdict_of(stage, proof);
        CHECK(verdict.code == code);
        CHECK(verdict.macs == 0);
    }
}

TEST_CASE("a proof that came in before a restart is judged after it") {
    Stage stage;
    stage.insert_worker();
    PlayedRun run(stage, stage.coming_slot());
    run.compute(1);
    run.send_compute_mark(100ms);
    const auto proof = run.make_proof();
    REQUIRE(stage.post("/popw/v1/proof", proof).status == 202);
    CheckerHost restarted(stage.store, stage.clock, stage.keys, stage.constants(), stage.primitives);
    CHECK(restarted.decide_next());
    CHECK(verdict_of(stage, proof).code == VerdictCode::ok);
}

TEST_CASE("a challenge runs on its own T0, reveals the query in the receipt and is judged like a slot") {
    Stage stage;
    stage.insert_worker(WorkerState::connected);
    stage.clock.set(stage.clock.now() + 777ms);
    const auto challenge = stage.checker.try_issue_challenge(stage.node_id, stage.clock.now());
    REQUIRE(challenge);
    CHECK(challenge->slot == popw::first_on_demand_slot);
    CHECK(popw::is_signed_by(challenge->beacon, stage.keys.peer().public_key()));
    PlayedRun run(stage, *challenge);
    run.compute(3);
    const auto response = run.send_compute_mark(120ms);
    REQUIRE(response.status == 200);
    CHECK_FALSE(is_zero(popw::decode_receipt(body_of(response))->value));
    const auto proof = run.make_proof();
    REQUIRE(stage.post("/popw/v1/proof", proof).status == 202);
    REQUIRE(stage.checker.decide_next());
    const auto verdict = verdict_of(stage, proof);
    CHECK(verdict.code == VerdictCode::ok);
    CHECK(verdict.compute_us == 120'000);
}

TEST_CASE("a worker cannot choose among challenges: the next one comes after the window of the last") {
    Stage stage;
    stage.insert_worker(WorkerState::connected);
    const auto now = stage.clock.now();
    const auto first = stage.checker.try_issue_challenge(stage.node_id, now);
    REQUIRE(first);
    CHECK_FALSE(stage.checker.try_issue_challenge(stage.node_id, now + stage.params.compute_window - 1us));
    const auto second = stage.checker.try_issue_challenge(stage.node_id, now + stage.params.compute_window);
    REQUIRE(second);
    CHECK(second->slot == first->slot + 1);
    CHECK(popw::decode_beacon(second->beacon)->value != popw::decode_beacon(first->beacon)->value);
}

TEST_CASE("a mark for another worker's challenge is refused") {
    Stage stage;
    stage.insert_worker(WorkerState::connected);
    auto challenge = *stage.checker.try_issue_challenge(popw::id_of_key(filled(1)), stage.clock.now());
    PlayedRun run(stage, challenge);
    run.compute(1);
    CHECK(refusal(run.send_compute_mark(50ms)) == "404 not-active");
}
