#include "golden/golden_vectors.h"
#include "popw/memory_prover.h"
#include "staged_proof.h"

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::popw::staged;
using namespace std::chrono_literals;

namespace {

Verification verify_changed(const std::function<void(Stage&)>& change) {
    auto stage = memory_stage();
    change(stage);
    return verify(stage);
}

} // namespace

TEST_CASE("an honest proof with a memory part is accepted with all its figures") {
    const auto found = verify(memory_stage());
    CHECK(found.detail == "");
    REQUIRE(found.code == VerdictCode::ok);
    CHECK(found.held_bytes == 8 * 65536);
    CHECK(found.hold_us == 60000); // the upper median, since beacon B
    CHECK(found.walk_bytes == 3 * 1024 * 8 * 64);
    CHECK(found.walk_us == 140000);
    CHECK(found.macs == 2 * 4194304);
    const auto verdict = make_verdict(found, {}, {});
    CHECK(verdict.held_bytes == found.held_bytes);
    CHECK(verdict.walk_us == found.walk_us);
}

TEST_CASE("hold batches alone are enough, and the walk's beacons may come from fewer members") {
    CHECK(verify_changed([](Stage& s) { s.batches = 1; }).code == VerdictCode::ok);
    CHECK(verify_changed([](Stage& s) { s.members = {0, 1, 2}; }).code == VerdictCode::ok);
    CHECK(verify_changed([](Stage& s) {
              s.walk_members = {0, 1};
          }).code == VerdictCode::commit_mismatch); // 1 gave no A
    CHECK(verify_changed([](Stage& s) { s.walk_members = {0}; }).code == VerdictCode::receipt_quorum);
}

TEST_CASE("code 3: a slot without a memory phase takes no memory part") {
    CHECK(verify_changed([](Stage& s) { s.schedule_word = golden::ascending<32>(0x80); }).code ==
          VerdictCode::not_active);
}

TEST_CASE("code 4 and 11: late walk marks are late, late hold marks have not shown that the memory was held") {
    CHECK(verify_changed([](Stage& s) { s.walk_us = {1, 1000000}; }).code == VerdictCode::ok);
    CHECK(verify_changed([](Stage& s) { s.walk_us = {1, 1000001}; }).code == VerdictCode::late);
    CHECK(verify_changed([](Stage& s) {
              s.hold_us = {1000000, 1000000};
          }).code == VerdictCode::ok); // 700 + 200 + 100 ms
    CHECK(verify_changed([](Stage& s) { s.hold_us = {750000, 1000001}; }).code == VerdictCode::hold_late);
    CHECK(verify_changed([](Stage& s) { s.hold_us = {1, 2}; }).hold_us == 0);
}

TEST_CASE("code 7: marks of another chain, kind, size or count are refused") {
    const auto is_mismatch = [](const std::function<void(Stage&)>& change) {
        return verify_changed(change).code == VerdictCode::commit_mismatch;
    };
    CHECK(is_mismatch([](Stage& s) { s.change_hold_mark = [](Mark& m) { m.previous_mark[0] ^= 1; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_walk_mark = [](Mark& m) { m.previous_mark[0] ^= 1; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_walk_mark = [](Mark& m) { m.beacon_value[0] ^= 1; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_walk_mark = [](Mark& m) { m.committee_bitmap = 1; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_walk_mark = [](Mark& m) { m.devices[0].count += 1; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_hold_mark = [](Mark& m) { m.devices[0].pages += 1; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_hold_mark = [](Mark& m) { m.devices[0].commit[0] ^= 1; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_walk_mark = [](Mark& m) { m.devices[0].commit[0] ^= 1; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_walk_mark = [](Mark& m) { m.devices[0].index = 4; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_hold_mark = [](Mark& m) { m.phase = MarkPhase::walk; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_proof = [](Proof& p) { p.memory->roots[2][0] ^= 1; }; }));
    CHECK(is_mismatch([](Stage& s) { s.change_proof = [](Proof& p) { p.memory->pages += 1; }; })); // more than was held
}

TEST_CASE("code 8: walk openings of other walkers than those asked for are refused") {
    CHECK(verify_changed([](Stage& s) { s.change_walk_queries = [](auto& q) { q[0].walker ^= 512; }; }).code ==
          VerdictCode::path_mismatch);
    CHECK(verify_changed([](Stage& s) {
              s.change_proof = [](Proof& p) { p.memory->openings[7].ends[9] ^= 1; };
          }).code == VerdictCode::path_mismatch);
}

TEST_CASE("code 10: walks over memory that was not made from the seeds are found out") {
    CHECK(verify_changed([](Stage& s) {
              s.change_memory = [](Bytes& m) { std::ranges::fill(m, std::uint8_t{0}); };
          }).code == VerdictCode::walk_mismatch);
    // Half of the pages were never made: all forty reads of the hold openings would have to miss them.
    CHECK(verify_changed([](Stage& s) {
              s.change_memory = [](Bytes& m) {
                  std::fill(m.begin() + static_cast<std::ptrdiff_t>(m.size() / 2), m.end(), std::uint8_t{7});
              };
          }).code == VerdictCode::walk_mismatch);
}

TEST_CASE("code 12: memory parts beyond the limits, without a compute part or in another mode are refused") {
    CHECK(verify_changed([](Stage& s) {
              s.change_proof = [](Proof& p) { p.memory->kind = DeviceKind::device_memory; };
          }).code == VerdictCode::limits);
    CHECK(verify_changed([](Stage& s) { s.change_proof = [](Proof& p) { p.memory->pages = 0; }; }).code ==
          VerdictCode::limits);
    CHECK(verify_changed([](Stage& s) {
              s.change_proof = [](Proof& p) { p.memory->pages = ~std::uint64_t{0}; };
          }).code == VerdictCode::limits);
    CHECK(verify_changed([](Stage& s) { s.change_proof = [](Proof& p) { p.memory->hold_batches = 0; }; }).code ==
          VerdictCode::limits);
    CHECK(verify_changed([](Stage& s) { s.change_proof = [](Proof& p) { p.memory->hold_batches = 4; }; }).code ==
          VerdictCode::limits);
    CHECK(verify_changed([](Stage& s) { s.params.host_pages.hold_accesses_log2 = 14; }).code ==
          VerdictCode::limits); // 2^13 were made
    CHECK(verify_changed([](Stage& s) { s.change_proof = [](Proof& p) { p.compute.reset(); }; }).code ==
          VerdictCode::limits);
    CHECK(verify({.mode = BeaconMode::self, .pages = 8}).code == VerdictCode::limits);
}

TEST_CASE("the memory prover's walk is the plain functions', whatever the number of threads") {
    const auto stage = memory_stage();
    const auto seed = golden::repeated(3);
    const auto value = golden::repeated(4);
    const auto plain = make_walk(stage, seed, walk_seed(seed, value));
    for (unsigned threads : {1u, 3u}) {
        MemoryProver prover(primitives(), stage.params, 8 * 65536 + 65535, threads);
        CHECK(prover.pages() == 8);
        prover.fill(seed, {});
        REQUIRE(prover.is_filled());
        prover.begin_walk(value);
        CHECK(prover.run().roots.size() == 1);
        const auto hold = make_hold_entry(prover.run(), 3, {});
        prover.continue_walk(std::chrono::steady_clock::now() + 20ms, {});
        const auto& run = prover.run();
        REQUIRE(run.roots.size() >= 2);
        for (std::size_t i = 0; i < std::min(run.roots.size(), plain.part.roots.size()); ++i)
            CHECK(run.roots[i] == plain.part.roots[i]);
        CHECK(hold.commit == walk_commit(run.walk_seed, run.kind, run.walkers_log2, std::span(run.roots).first(1)));
        CHECK(make_walk_entry(run, 3, {}).count == run.roots.size());
        const auto queries = draw_walk_queries(primitives(), seed, stage.params, run.walkers_log2, 1, 2);
        const auto part = prover.open(queries);
        for (std::size_t i = 0; i < queries.size(); ++i) {
            const auto& ends = plain.ends[queries[i].batch];
            CHECK(std::memcmp(part.openings[i].ends.data(), ends.data() + queries[i].walker / 128 * 128, 1024) == 0);
        }
    }
}

TEST_CASE("a stopped fill is not taken for memory that is held") {
    std::stop_source stop;
    stop.request_stop();
    MemoryProver prover(primitives(), *find_params("test"), 65536, 1);
    prover.fill({}, stop.get_token());
    CHECK_FALSE(prover.is_filled());
}
