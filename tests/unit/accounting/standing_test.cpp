#include "accounting/audit.h"
#include "accounting/settlement.h"
#include "error/error.h"
#include "hardware/inventory_json.h"
#include "ledger/chain.h"
#include "popw_rules/linear_points.h"
#include "protocol/portal_messages_json.h"
#include "unit/checker/stage.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::accounting;
using namespace kaisar::network;
using namespace std::chrono_literals;
using kaisar::checker::PlayedRun;
using kaisar::checker::Stage;

namespace {

/// A registered worker of four claimed cores on a stage, and the network that keeps its accounts.
struct Books {
    explicit Books(PointsPolicy policy = PointsPolicy::published, const popw::Params& params = checker::played_params())
        : stage(params) {
        const auto slot = stage.coming_slot();
        stage.clock.set(boundary_of(stage.params, {slot.epoch + 1, 0}));
        settings = begin_network(stage.store, stage.keys, {.params = stage.params, .points = policy});
        settings.profile.network_id = stage.constants().network_id;
        epoch = slot.epoch + 1;
        stage.insert_worker();
        Inventory inventory;
        inventory.cpu.cores = 4;
        const auto text = inventory_to_json(inventory);
        const RegistrationRequest request{.name = "played",
                                          .node_public_key = stage.node.public_key(),
                                          .inventory = text,
                                          .inventory_hash = inventory_hash(inventory),
                                          .claims = {},
                                          .boot_id = ""};
        stage.store.write([&](RecordWriter& records) {
            records.put_document(stage.node_id, "request", encode_registration_request(request));
            records.put_document(stage.node_id, "registered-at", format_rfc3339(stage.clock.now()));
        });
    }

    Standing standing_at(Instant now) const {
        Standing standing;
        stage.store.read([&](const RecordReader& records) {
            standing = standings.standing_in(records, *records.find_worker(stage.node_id), epoch, now);
        });
        return standing;
    }
    Instant end_of_slot(std::uint32_t slot) const { return t0_of(stage.params, {epoch, slot}) + stage.params.slot; }

    /// Heartbeat and proof of a slot.
    void prove(std::uint32_t slot) {
        PlayedRun run(stage, popw::SlotId{epoch, slot});
        REQUIRE(stage.post("/popw/v1/mark", run.make_mark(popw::MarkPhase::heartbeat)).status == 200);
        run.prove();
    }

    mutable Stage stage;
    NetworkSettings settings;
    Standings standings{settings, stage.keys};
    std::uint64_t epoch = 0;
    std::unique_ptr<Chain> chain = make_embedded_chain(
        stage.store, {{.endpoint = "http://127.0.0.1", .public_key = stage.keys.peer().public_key()}});
};

AuditReport audit_of(const Books& books) {
    return audit_network(books.stage.store, books.standings, books.stage.constants(), books.stage.primitives);
}

/// T0 computes three rounds in a counted window of 150 ms (the mark came in then).
constexpr std::uint64_t proved_macs_per_s = std::uint64_t{3} * 128 * 128 * 256 * 1'000'000 / 150'000;

} // namespace

TEST_CASE("points are the proved slots' time times what was attested in them") {
    Books books;
    books.prove(0);
    books.prove(1);
    const auto standing = books.standing_at(books.end_of_slot(1));
    CHECK(standing.heard_slots == 2);
    CHECK(standing.availability_ppm == 1'000'000);
    CHECK(standing.attested.macs_per_s == proved_macs_per_s);
    // Two slots of 2 s; cpu, disk and memory at the lowest tier: 4 s / 3600 * 0.6, each line rounded down.
    REQUIRE(standing.lines.size() == 5);
    CHECK(standing.lines[1].what == "cpu");
    CHECK(standing.lines[1].micro_points == 222);
    CHECK(standing.micro_points == 3 * 222);
}

TEST_CASE("slots in which nothing came count as nothing proved and as absence") {
    Books books;
    books.prove(0);
    const auto after_four = books.standing_at(books.end_of_slot(3));
    CHECK(after_four.expected_slots == 4);
    CHECK(after_four.heard_slots == 1);
    CHECK(after_four.availability_ppm == 250'000);
    CHECK(after_four.attested.macs_per_s == proved_macs_per_s / 4);
}

TEST_CASE("a rejected proof earns nothing and is a strike") {
    Books books(PointsPolicy::linear);
    PlayedRun run(books.stage, popw::SlotId{books.epoch, 0});
    run.compute(2);
    run.send_compute_mark(100ms);
    const auto proof = run.make_proof([](popw::Proof& changed) { changed.compute->roots[0][0] ^= 1; });
    REQUIRE(books.stage.post("/popw/v1/proof", proof).status == 202);
    REQUIRE(books.stage.checker.decide_next());
    CHECK(books.standing_at(books.end_of_slot(0)).attested.macs_per_s == 0);
    books.stage.store.read([&](const RecordReader& records) {
        const auto record =
            books.standings.worker_record(records, *records.find_worker(books.stage.node_id), books.stage.clock.now());
        CHECK(record.strikes == 1);
        CHECK(record.last_verdict == static_cast<std::uint16_t>(popw::VerdictCode::commit_mismatch));
        CHECK(record.last_proof_at.has_value());
    });
}

TEST_CASE("a mark whose proof never comes is a strike once it was due, and halves linear points") {
    Books books(PointsPolicy::linear);
    books.prove(0);
    PlayedRun run(books.stage, popw::SlotId{books.epoch, 1});
    run.compute(1);
    REQUIRE(run.send_compute_mark(100ms).status == 200);
    const auto due_at = run.t0() + books.stage.params.proof_deadline;
    const auto strikes_at = [&](Instant now) {
        std::uint32_t strikes = 0;
        books.stage.store.read([&](const RecordReader& records) {
            strikes = books.standings.worker_record(records, *records.find_worker(books.stage.node_id), now).strikes;
        });
        return strikes;
    };
    CHECK(strikes_at(due_at - 1us) == 0);
    CHECK(strikes_at(due_at) == 1);
    CHECK(strikes_at(due_at + std::chrono::days(7)) == 0);
    const auto whole = books.standing_at(due_at - 1us).lines;
    REQUIRE(whole.size() == 1);
    CHECK(whole[0].tier.find("quality 1000000 ppm") != std::string::npos);
    CHECK(books.standing_at(due_at).lines[0].tier.find("quality 500000 ppm") != std::string::npos);
}

TEST_CASE("before the first slot is over the benchmark stands for what is attested") {
    Books books;
    books.stage.store.write([&](RecordWriter& records) {
        records.put_document(
            books.stage.node_id, "benchmark",
            encode_benchmark_answer({.attested = {.macs_per_s = 7'000, .rtt_us = 55}, .claimed = {}, .verdicts = {}}));
    });
    const auto standing = books.standing_at(books.stage.clock.now());
    CHECK(standing.attested.macs_per_s == 7'000);
    CHECK(standing.attested.rtt_us == 55);
    CHECK(standing.micro_points == 0);
}

TEST_CASE("memory is the mean over the memory phases, and the last of them stands for the slots without one") {
    auto params = checker::played_params();
    params.memory_threshold = UINT64_MAX / 2;
    Books books(PointsPolicy::linear, params);
    // Verdicts as a checker gives them, about slots whose schedule word says which phases they had.
    std::vector<std::uint32_t> with, without;
    for (std::uint32_t slot = 0; slot < 30; ++slot) {
        const auto word = checker::schedule_word(books.stage.keys.schedule.view(), books.settings.profile.network_id,
                                                 {books.epoch, slot});
        (has_memory_phase(params, word) ? with : without).push_back(slot);
    }
    REQUIRE(with.size() >= 2);
    REQUIRE(without.size() >= 2);
    books.stage.store.write([&](RecordWriter& records) {
        for (std::uint32_t slot = 0; slot < 30; ++slot) {
            const bool has_memory = std::ranges::find(with, slot) != with.end();
            const auto key = checker::slot_key(books.stage.node_id, books.epoch, slot);
            const auto hash = sha256({bytes_of(fmt::format("{}", slot))});
            records.insert_proof({.hash = hash, .key = key, .received_at = books.stage.clock.now(), .proof = {}});
            records.insert_verdict({.proof_hash = hash,
                                    .key = key,
                                    .macs = 100'000'000'000,
                                    .compute_us = 100'000,
                                    .held_bytes = has_memory ? 8'000'000'000u : 0u,
                                    .walk_bytes = has_memory ? 1'000'000'000u : 0u,
                                    .walk_us = has_memory ? 100'000u : 0u,
                                    .decided_at = books.stage.clock.now(),
                                    .verdict = {}});
        }
    });
    const auto standing = books.standing_at(books.end_of_slot(29));
    CHECK(standing.attested.macs_per_s == 1'000'000'000'000);
    CHECK(standing.attested.walk_bytes_per_s == 10'000'000'000);
    CHECK(standing.attested.held_bytes == 8'000'000'000);
    const auto score = [&](std::uint64_t walk, std::uint64_t held) {
        return popw::slot_score({.macs_per_s = 1'000'000'000'000, .walk_bytes_per_s = walk, .held_bytes = held},
                                popw::MemoryKind::host, params);
    };
    // All slots but those before the first memory phase score the memory as well.
    const auto bare = static_cast<std::uint64_t>(with.front());
    const auto mean = (bare * score(0, 0) + (30 - bare) * score(10'000'000'000, 8'000'000'000)) / 30;
    REQUIRE(standing.lines.size() == 1);
    CHECK(standing.lines[0].attested == fmt::format("mean score {} over 30 active slots", mean));
}

TEST_CASE("an epoch is settled once its last proof was due, written down and reported to the chain") {
    Books books;
    books.prove(0);
    books.prove(2);
    const auto final_at = books.standings.final_at(books.epoch);
    auto& store = books.stage.store;
    CHECK_FALSE(settle_next_epoch(store, *books.chain, books.standings, final_at - 1us));
    CHECK(settle_next_epoch(store, *books.chain, books.standings, final_at));
    CHECK_FALSE(settle_next_epoch(store, *books.chain, books.standings, final_at));
    const auto earned = books.standing_at(final_at).micro_points;
    CHECK(earned > 0);
    store.read([&](const RecordReader& records) {
        const auto settled = find_settled_points(records, books.epoch);
        REQUIRE(settled);
        REQUIRE(settled->size() == 1);
        CHECK(settled->front().micro_points == earned);
        const auto record = books.standings.worker_record(records, *records.find_worker(books.stage.node_id), final_at);
        CHECK(record.total_micro_points == earned);
        const auto report = find_reported_epoch(*records.find_last_ledger_record());
        REQUIRE(report);
        CHECK(report->epoch == books.epoch);
        CHECK(report->micro_points == earned);
        CHECK(report->points_digest == points_digest(books.epoch, *settled));
    });
}

TEST_CASE("epochs are settled one after the other and the points add up") {
    Books books;
    books.prove(0);
    const auto first = books.standing_at(books.standings.final_at(books.epoch)).micro_points;
    ++books.epoch;
    books.prove(0);
    books.prove(1);
    const auto second = books.standing_at(books.standings.final_at(books.epoch)).micro_points;
    const auto now = books.standings.final_at(books.epoch);
    std::size_t settled = 0;
    while (settle_next_epoch(books.stage.store, *books.chain, books.standings, now)) ++settled;
    CHECK(settled == 2);
    books.stage.store.read([&](const RecordReader& records) {
        CHECK(records.find_document(books.stage.node_id, "points-total") == std::to_string(first + second));
    });
}

TEST_CASE("an audit of an honest store finds no difference") {
    Books books;
    books.prove(0);
    books.prove(1);
    settle_next_epoch(books.stage.store, *books.chain, books.standings, books.standings.final_at(books.epoch));
    const auto report = audit_of(books);
    CHECK(report.proofs == 2);
    CHECK(report.epochs == 1);
    CHECK(report.ledger_records == 1);
    CHECK(report.differences == std::vector<std::string>{});
}

TEST_CASE("an audit finds points that do not follow from the verdicts") {
    Books books;
    books.prove(0);
    settle_next_epoch(books.stage.store, *books.chain, books.standings, books.standings.final_at(books.epoch));
    books.stage.store.write([&](RecordWriter& records) {
        records.put_document(books.stage.node_id, fmt::format("points/{}", books.epoch), "999999999");
    });
    const auto report = audit_of(books);
    REQUIRE(report.differences.size() == 1);
    CHECK(report.differences[0].find("not those in the ledger") != std::string::npos);
}

TEST_CASE("an audit finds a verdict that credits more than the proof holds, even when the checker signed it") {
    Books books;
    PlayedRun run(books.stage, popw::SlotId{books.epoch, 0});
    run.compute(2);
    run.send_compute_mark(100ms);
    const auto proof = run.make_proof();
    REQUIRE(books.stage.post("/popw/v1/proof", proof).status == 202);
    popw::Verdict lie{.epoch = books.epoch,
                      .slot = 0,
                      .device_index = 0,
                      .code = popw::VerdictCode::ok,
                      .node_id = books.stage.node_id};
    lie.issuer = books.stage.keys.peer().public_key();
    lie.proof_hash = popw::proof_hash(proof);
    lie.macs = 1'000'000'000'000;
    lie.compute_us = 100'000;
    books.stage.store.write([&](RecordWriter& records) {
        const auto key = checker::slot_key(books.stage.node_id, books.epoch, 0);
        const auto checker = popw::id_of_key(lie.issuer);
        const auto text = encode_verdict(lie, books.stage.keys.peer());
        records.insert_ballot({.checker = checker,
                               .proof_hash = lie.proof_hash,
                               .key = key,
                               .device = 0,
                               .commitment = popw::verdict_commitment(text),
                               .committed_at = books.stage.clock.now(),
                               .verdict = text});
        records.insert_verdict({.checker = checker,
                                .proof_hash = lie.proof_hash,
                                .key = key,
                                .macs = lie.macs,
                                .compute_us = lie.compute_us,
                                .decided_at = books.stage.clock.now(),
                                .verdict = text});
    });
    const auto report = audit_of(books);
    REQUIRE(report.differences.size() == 1);
    CHECK(report.differences[0].find("1000000000000 MAC") != std::string::npos);
}

TEST_CASE("a store keeps the constants and the policy that it was begun with") {
    Books books;
    auto& store = books.stage.store;
    CHECK(begin_network(store, books.stage.keys, {}).params == books.stage.params);
    CHECK(begin_network(store, books.stage.keys, {}).points == PointsPolicy::published);
    CHECK(load_network_settings(store, books.stage.keys).profile.network_id ==
          begin_network(store, books.stage.keys, {}).profile.network_id);
    CHECK_THROWS_AS(
        begin_network(store, books.stage.keys, {.params = popw::find_params("default"), .points = std::nullopt}),
        Error);
    CHECK_THROWS_AS(begin_network(store, books.stage.keys, {.params = std::nullopt, .points = PointsPolicy::linear}),
                    Error);
    TemporaryStore empty;
    CHECK_THROWS_AS(load_network_settings(*empty.store, books.stage.keys), Error);
    CHECK(begin_network(*empty.store, books.stage.keys, {}).params.name == "default");
}
