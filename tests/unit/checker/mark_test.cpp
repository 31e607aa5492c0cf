#include "protocol/portal_messages_json.h"
#include "stage.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::checker;
using namespace kaisar::network;
using namespace std::chrono_literals;
using popw::MarkPhase;

namespace {

/// Status and code of a refusal, "409 late".
std::string refusal(const HttpResponse& response) {
    return fmt::format("{} {}", response.status,
                       response.status == 200 ? "" : decode_portal_failure(response.body).code);
}

} // namespace

TEST_CASE("a heartbeat in time gets a receipt that states when it came in") {
    Stage stage;
    stage.insert_worker();
    const PlayedRun run(stage, stage.coming_slot());
    stage.clock.set(run.t0() + 123'456us);
    const auto mark = run.make_mark(MarkPhase::heartbeat);
    const auto response = stage.post("/popw/v1/mark", mark);
    REQUIRE(response.status == 200);
    const auto receipt = popw::decode_receipt(body_of(response));
    REQUIRE(receipt);
    CHECK(popw::is_signed_by(body_of(response), stage.keys.peer().public_key()));
    CHECK(receipt->mark_hash == popw::mark_hash(mark));
    CHECK(receipt->received_us == 123'456);
    CHECK(receipt->phase == MarkPhase::heartbeat);
    CHECK(is_zero(receipt->value));
}

TEST_CASE("the time of a receipt is when the mark came in, not when it was looked at") {
    Stage stage;
    stage.insert_worker();
    const PlayedRun run(stage, stage.coming_slot());
    const auto mark = run.make_mark(MarkPhase::heartbeat);
    const ServerRequest request{.http = {.method = "POST",
                                         .authority = "",
                                         .target = "/popw/v1/mark",
                                         .headers = {},
                                         .body = std::string(text_of(mark))},
                                .address = "",
                                .received_at = run.t0() + 100ms};
    stage.clock.set(run.t0() + 10s);
    const auto response = std::get<HttpResponse>(stage.host.answer(request));
    REQUIRE(response.status == 200);
    CHECK(popw::decode_receipt(body_of(response))->received_us == 100'000);
}

TEST_CASE("marks outside their phase's time are refused") {
    Stage stage;
    stage.insert_worker();
    PlayedRun run(stage, stage.coming_slot());
    run.compute(1);
    const auto heartbeat = run.make_mark(MarkPhase::heartbeat);
    const auto compute = run.make_mark(MarkPhase::compute);
    const auto at = [&](Instant::duration after, const Bytes& mark) {
        stage.clock.set(run.t0() + after);
        return refusal(stage.post("/popw/v1/mark", mark));
    };
    CHECK(at(-1us, heartbeat) == "409 late");
    CHECK(at(stage.params.heartbeat_window + 1us, heartbeat) == "409 late");
    CHECK(at(stage.params.compute_cutoff + 1us, compute) == "409 late");
    CHECK(at(stage.params.heartbeat_window, heartbeat) == "200 ");
    CHECK(at(stage.params.compute_cutoff, compute) == "200 ");
}

TEST_CASE("the first mark of a phase counts: the same again gets the same receipt, another is refused") {
    Stage stage;
    stage.insert_worker();
    PlayedRun run(stage, stage.coming_slot());
    run.compute(2);
    const auto first = run.send_compute_mark(100ms);
    REQUIRE(first.status == 200);
    const auto again = run.send_compute_mark(200ms);
    CHECK(again.status == 200);
    CHECK(again.body == first.body);
    const auto other = run.make_mark(MarkPhase::compute, [](popw::Mark& mark) { mark.devices[0].count = 1; });
    CHECK(refusal(stage.post("/popw/v1/mark", other)) == "409 duplicate");
    const auto heartbeat = run.make_mark(MarkPhase::heartbeat);
    CHECK(stage.post("/popw/v1/mark", heartbeat).status == 200);
}

TEST_CASE("a mark must be by the worker, on this slot's beacon and for this committee") {
    Stage stage;
    const PlayedRun run(stage, stage.coming_slot());
    const auto mark = run.make_mark(MarkPhase::heartbeat);
    CHECK(refusal(stage.post("/popw/v1/mark", mark)) == "404 unknown-worker");
    stage.insert_worker();
    const auto with = [&](const std::function<void(popw::Mark&)>& change) {
        return refusal(stage.post("/popw/v1/mark", run.make_mark(MarkPhase::heartbeat, change)));
    };
    CHECK(with([](popw::Mark& changed) { changed.beacon_value[0] ^= 1; }) == "409 commit-mismatch");
    CHECK(with([](popw::Mark& changed) { changed.committee_bitmap = 3; }) == "400 malformed");
    CHECK(with([](popw::Mark& changed) { changed.mode = popw::BeaconMode::self; }) == "400 malformed");
    CHECK(with([](popw::Mark& changed) { changed.slot = 1000; }) == "404 not-active");
    CHECK(with([](popw::Mark& changed) { changed.phase = MarkPhase::walk; }) == "409 not-active");
    auto unsigned_mark = mark;
    unsigned_mark.back() ^= 1;
    CHECK(refusal(stage.post("/popw/v1/mark", unsigned_mark)) == "401 bad-signature");
    CHECK(refusal(stage.post("/popw/v1/mark", bytes_of("KPW1"))) == "400 malformed");
    CHECK(refusal(stage.post("/popw/v1/mark", mark)) == "200 ");
}

TEST_CASE("a worker that is not registered to the end sends no marks, and an inactive slot takes heartbeats only") {
    auto params = played_params();
    params.active_threshold = 0;
    Stage stage(params);
    stage.insert_worker(WorkerState::benchmarked);
    PlayedRun run(stage, stage.coming_slot());
    run.compute(1);
    const auto heartbeat = run.make_mark(MarkPhase::heartbeat);
    CHECK(refusal(stage.post("/popw/v1/mark", heartbeat)) == "409 wrong-state");
    stage.store.write([&](RecordWriter& records) {
        auto worker = *records.find_worker(stage.node_id);
        worker.state = WorkerState::registered;
        records.update_worker(worker);
    });
    CHECK(refusal(stage.post("/popw/v1/mark", heartbeat)) == "200 ");
    CHECK(refusal(run.send_compute_mark(10ms)) == "409 not-active");
}

TEST_CASE("a walk mark follows a hold mark, which follows the compute mark") {
    auto params = played_params();
    params.memory_threshold = UINT64_MAX;
    Stage stage(params);
    stage.insert_worker();
    PlayedRun run(stage, stage.coming_slot());
    run.compute(1);
    REQUIRE(run.send_compute_mark(100ms).status == 200);
    stage.clock.set(run.t0() + params.walk_at);
    const auto walk_beacon = popw::decode_beacon(stage.fetch_beacon(run.slot(), 'B'));
    const auto word = popw::decode_beacon(stage.fetch_beacon(run.slot(), 'S'))->value;
    const popw::Contribution contribution{.checker_id = popw::id_of_key(stage.keys.peer().public_key()),
                                          .value = walk_beacon->value};
    const auto value =
        combine_beacon(popw::BeaconPhase::walk, run.slot(), word, stage.node_id, std::span(&contribution, 1));
    const auto mark = [&](MarkPhase phase, const Bytes32& previous) {
        return run.make_mark(phase, [&](popw::Mark& made) {
            made.beacon_value = value;
            made.previous_mark = previous;
        });
    };
    const auto compute_hash = popw::mark_hash(run.make_mark(MarkPhase::compute));
    CHECK(refusal(stage.post("/popw/v1/mark", mark(MarkPhase::walk, compute_hash))) == "409 commit-mismatch");
    CHECK(refusal(stage.post("/popw/v1/mark", mark(MarkPhase::hold, Bytes32{}))) == "409 commit-mismatch");
    const auto hold = mark(MarkPhase::hold, compute_hash);
    CHECK(refusal(stage.post("/popw/v1/mark", hold)) == "200 ");
    CHECK(refusal(stage.post("/popw/v1/mark", mark(MarkPhase::walk, popw::mark_hash(hold)))) == "200 ");
}
