#include "stage.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::checker;
using namespace kaisar::network;
using namespace std::chrono_literals;

TEST_CASE("a beacon asked for before its moment is held until then") {
    Stage stage;
    const auto slot = next_slot(stage.params, stage.coming_slot());
    const auto t0 = t0_of(stage.params, slot);
    stage.clock.set(t0 - 1s);
    for (const char phase : {'S', 'A', 'C'}) {
        const auto answer = stage.ask("GET", stage.beacon_target(slot, phase));
        REQUIRE(std::holds_alternative<AskAgain>(answer));
        CHECK(std::get<AskAgain>(answer).when == t0);
    }
    stage.clock.set(t0);
    CHECK(stage.get(stage.beacon_target(slot, 'S')).status == 200);
    CHECK(stage.get(stage.beacon_target(slot, 'A')).status == 200);
    const auto query = stage.ask("GET", stage.beacon_target(slot, 'C'));
    REQUIRE(std::holds_alternative<AskAgain>(query));
    CHECK(std::get<AskAgain>(query).when == t0 + stage.params.compute_query_at);
    stage.clock.set(t0 + stage.params.compute_query_at);
    CHECK(stage.get(stage.beacon_target(slot, 'C')).status == 200);
}

TEST_CASE("a request is held for thirty seconds at most and then answered with nothing") {
    Stage stage;
    const auto slot = slot_at(stage.params, stage.clock.now() + 50s);
    ServerRequest request{
        .http = {.method = "GET", .authority = "", .target = stage.beacon_target(slot, 'A'), .headers = {}, .body = {}},
        .address = "",
        .received_at = stage.clock.now()};
    const auto answer = stage.host.answer(request);
    REQUIRE(std::holds_alternative<AskAgain>(answer));
    CHECK(std::get<AskAgain>(answer).when == request.received_at + 30s);
    stage.clock.set(request.received_at + 30s);
    CHECK(std::get<HttpResponse>(stage.host.answer(request)).status == 204);
}

TEST_CASE("slots that do not exist, are too far away or are no numbers are not found") {
    Stage stage;
    const auto epoch = stage.coming_slot().epoch;
    for (const auto& target :
         {fmt::format("/popw/v1/beacon/{}/30/A", epoch), fmt::format("/popw/v1/beacon/{}/0/A", epoch + 2),
          std::string("/popw/v1/beacon/18446744073709551615/0/A"), std::string("/popw/v1/beacon/x/0/A"),
          std::string("/popw/v1/beacon/1/-1/A"), std::string("/popw/v1/beacon/1/1/D"),
          std::string("/popw/v1/beacon/1/1"), std::string("/popw/v1/nothing")})
        CHECK(stage.get(target).status == 404);
}

TEST_CASE("schedule words are the portal's, entropy is the checker's, and both are the same for everybody") {
    Stage stage;
    const auto slot = stage.coming_slot();
    stage.clock.set(t0_of(stage.params, slot) + stage.params.compute_query_at);
    const auto schedule = stage.fetch_beacon(slot, 'S');
    const auto start = stage.fetch_beacon(slot, 'A');
    const auto query = stage.fetch_beacon(slot, 'C');
    CHECK(popw::is_signed_by(schedule, stage.keys.portal.public_key()));
    CHECK(popw::is_signed_by(start, stage.keys.peer().public_key()));
    CHECK(popw::is_signed_by(query, stage.keys.peer().public_key()));
    CHECK(popw::decode_beacon(start)->value != popw::decode_beacon(query)->value);
    CHECK(popw::decode_beacon(start)->params_hash == params_hash(stage.params));
    CHECK(stage.fetch_beacon(slot, 'A') == start);
    CheckerHost restarted(stage.store, stage.clock, stage.keys, stage.constants(), stage.primitives);
    ServerRequest request{
        .http = {.method = "GET", .authority = "", .target = stage.beacon_target(slot, 'A'), .headers = {}, .body = {}},
        .address = "",
        .received_at = stage.clock.now()};
    CHECK(body_of(std::get<HttpResponse>(restarted.answer(request))) == start);
}

TEST_CASE("an inactive slot has no query, and a slot without a memory phase has no walk") {
    auto params = played_params();
    params.active_threshold = 0;
    Stage stage(params);
    const auto slot = stage.coming_slot();
    stage.clock.set(t0_of(stage.params, slot) + 1500ms);
    CHECK(stage.get(stage.beacon_target(slot, 'S')).status == 200);
    CHECK(stage.get(stage.beacon_target(slot, 'A')).status == 200);
    CHECK(stage.get(stage.beacon_target(slot, 'C')).status == 404);
    CHECK(stage.get(stage.beacon_target(slot, 'B')).status == 404);
    params.active_threshold = UINT64_MAX;
    Stage active(params);
    active.clock.set(t0_of(active.params, slot) + 1500ms);
    CHECK(active.get(active.beacon_target(slot, 'B')).status == 404);
    CHECK(active.get(active.beacon_target(slot, 'C')).status == 200);
}

TEST_CASE("with a memory phase the query comes after the walk") {
    auto params = played_params();
    params.memory_threshold = UINT64_MAX;
    Stage stage(params);
    const auto slot = stage.coming_slot();
    const auto t0 = t0_of(params, slot);
    stage.clock.set(t0);
    CHECK(std::get<AskAgain>(stage.ask("GET", stage.beacon_target(slot, 'B'))).when == t0 + params.walk_at);
    CHECK(std::get<AskAgain>(stage.ask("GET", stage.beacon_target(slot, 'C'))).when == t0 + params.memory_query_at);
}
