#include "checker/bandwidth.h"
#include "popw_work/line_probe.h"
#include "protocol/portal_messages_json.h"
#include "stage.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::checker;
using namespace kaisar::network;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t smallest = popw::probe_sizes.back();

/// A stage with a worker that has just sent a heartbeat.
struct Line {
    Stage stage;
    PlayedRun run = [this] {
        stage.insert_worker();
        return PlayedRun(stage, stage.coming_slot());
    }();
    std::string token =
        popw::probe_token(body_of(stage.post("/popw/v1/mark", run.make_mark(popw::MarkPhase::heartbeat))));

    std::string target(std::string_view direction, std::uint64_t bytes = smallest) const {
        return fmt::format("/popw/v1/probe/{}/{}/{}", token, direction, bytes);
    }
    std::optional<Bandwidth> found() const {
        std::optional<Bandwidth> bandwidth;
        stage.store.read([&](const RecordReader& records) {
            bandwidth = find_bandwidth(records, stage.constants().checker_keys, stage.node_id, run.slot().epoch);
        });
        return bandwidth;
    }
    int upload(std::uint64_t bytes, std::chrono::milliseconds took) {
        ServerRequest request{
            .http = {.method = "POST",
                     .authority = "localhost",
                     .target = target("up", bytes),
                     .headers = {},
                     .body = std::string(text_of(popw::upload_stream(stage.primitives, token, bytes)))},
            .address = "127.0.0.1",
            .received_at = stage.clock.now(),
            .begun_at = stage.clock.now() - took};
        return std::get<HttpResponse>(stage.host.answer(request)).status;
    }
};

} // namespace

TEST_CASE("a line is measured in both directions by the checker's clock, once an epoch") {
    Line line;
    const auto stream = body_of(line.stage.get(line.target("down")));
    REQUIRE(stream.size() == smallest);
    line.stage.clock.set(line.stage.clock.now() + 100ms);
    CHECK(line.stage.post(line.target("down"), sha256(stream)).status == 204);
    CHECK_FALSE(line.found());
    CHECK(line.upload(smallest, 50ms) == 204);
    REQUIRE(line.found());
    CHECK(line.found()->down_bits_per_s == smallest * 8 * 10);
    CHECK(line.found()->up_bits_per_s == smallest * 8 * 20);
    // Measured is measured: neither this probe nor another heartbeat's is taken again.
    CHECK(line.stage.get(line.target("down")).status == 404);
    PlayedRun next(line.stage, popw::SlotId{line.run.slot().epoch, line.run.slot().slot + 1});
    line.token =
        popw::probe_token(body_of(line.stage.post("/popw/v1/mark", next.make_mark(popw::MarkPhase::heartbeat))));
    CHECK(line.stage.get(line.target("down")).status == 404);
}

TEST_CASE("who could try again would keep the best: the first result in a direction counts") {
    Line line;
    CHECK(line.upload(smallest, 500ms) == 204);
    CHECK(line.upload(smallest, 1ms) == 204);
    const auto stream = body_of(line.stage.get(line.target("down")));
    line.stage.clock.set(line.stage.clock.now() + 1s);
    line.stage.post(line.target("down"), sha256(stream));
    REQUIRE(line.found());
    CHECK(line.found()->up_bits_per_s == smallest * 8 * 2);
}

TEST_CASE("a probe wants the very stream, one of its sizes, and its time") {
    Line line;
    CHECK(line.stage.get(line.target("down", 1000)).status == 404);
    CHECK(line.stage.get("/popw/v1/probe/" + std::string(64, '0') + fmt::format("/down/{}", smallest)).status == 404);
    CHECK(line.stage.post(line.target("down"), Bytes(32)).status == 404); // nothing was sent yet
    REQUIRE(line.stage.get(line.target("down")).status == 200);
    CHECK(line.stage.post(line.target("down"), Bytes(32)).status == 400);
    CHECK(line.stage.post(line.target("down"), {}).status == 400);
    CHECK(line.stage.post(line.target("up"), Bytes(smallest)).status == 400);
    CHECK(line.stage.post(line.target("up"), Bytes(10)).status == 400);
    CHECK(line.stage.post(line.target("sideways"), Bytes(10)).status == 404);
    line.stage.clock.set(line.stage.clock.now() + 91s);
    CHECK(line.stage.get(line.target("down")).status == 404);
    CHECK_FALSE(line.found());
}

TEST_CASE("a large body is let in for a probe that is expected, and for nothing else") {
    Line line;
    CHECK(line.stage.host.body_limit(line.target("up")) == popw::probe_sizes.front());
    CHECK(line.stage.host.body_limit("/popw/v1/probe/" + std::string(64, '0') + "/up/33554432") == 0);
    CHECK(line.stage.host.body_limit("/popw/v1/proof") == popw::message_limit_bytes);
    CHECK(line.stage.host.body_limit("/checkers/9/popw/v1/proof") == 0);
}

TEST_CASE("not more probes go on at once than there is memory for") {
    Stage stage;
    BandwidthProbes probes(stage.store, stage.primitives, stage.host.peer().id(),
                           stage.keys.checkers[0].beacons.view());
    std::size_t expected = 0;
    for (std::uint8_t number = 0; number < 50; ++number) {
        const Bytes receipt(200, number);
        probes.expect(receipt, filled(number), 1, stage.clock.now());
        if (probes.upload_limit(popw::probe_token(receipt)) != 0) ++expected;
    }
    CHECK(expected == 8);
}
