// Cheats that can only be lucky: a share of the work is made up, everything else is as honest as it can be. How often
// they are accepted must be what docs/popw.md promises. Every trial has seeds and queries of its own; all of them are
// fixed.
#include "rate.h"
#include "unit/popw/staged_proof.h"

#include <random>

using namespace kaisar;
using namespace kaisar::cheats;
using namespace kaisar::popw;
using namespace kaisar::popw::staged;

namespace {

// One trial in a thousand-odd: on demand, because it has the fewest signatures to make and to check.
Stage trial_stage(std::uint32_t trial) {
    auto stage = on_demand_stage();
    stage.slot.slot = first_on_demand_slot + trial;
    for (std::size_t i = 0; i < 4; ++i) stage.receipt_value[i] = static_cast<std::uint8_t>(trial >> (8 * i));
    return stage;
}

// The trial's draw of `count` out of `total`.
std::vector<std::uint32_t> choose(std::uint32_t count, std::uint32_t total, std::uint32_t trial) {
    std::vector<std::uint32_t> all(total);
    for (std::uint32_t i = 0; i < total; ++i) all[i] = i;
    std::mt19937 random(trial);
    for (std::uint32_t i = 0; i < count; ++i) std::swap(all[i], all[i + random() % (total - i)]);
    all.resize(count);
    return all;
}

// Of all tiles of so many rounds, 64 each, `skipped` are never computed.
std::uint64_t count_accepted_skips(std::uint32_t skipped, std::uint32_t rounds, std::uint32_t trials) {
    std::uint64_t accepted = 0;
    for (std::uint32_t trial = 0; trial < trials; ++trial) {
        auto stage = trial_stage(trial);
        stage.rounds = rounds;
        const auto chosen = choose(skipped, rounds * superblock_tiles, trial);
        stage.change_leaves = [&](std::uint32_t round, std::vector<Bytes32>& leaves) {
            for (auto tile : chosen)
                if (tile / superblock_tiles == round)
                    leaves[tile % superblock_tiles] = golden::repeated(static_cast<std::uint8_t>(tile));
        };
        const auto code = verify(stage).code;
        REQUIRE((code == VerdictCode::ok || code == VerdictCode::tile_mismatch));
        accepted += code == VerdictCode::ok;
    }
    return accepted;
}

// Pages so short that a thousand fills take seconds; a read costs a cheater and the verifier the same whatever they
// are.
Stage memory_trial_stage(std::uint32_t trial) {
    auto stage = memory_stage();
    stage.params.host_pages.blocks = 2;
    stage.params.host_pages.passes = 1;
    stage.members = stage.walk_members = stage.receivers = {0};
    stage.received_us = {90000};
    stage.hold_us = {750000};
    stage.walk_us = {830000};
    stage.quorum = 1;
    stage.rounds = 1;
    stage.pages = 200;
    stage.batches = 2;
    stage.slot.epoch += trial;
    return stage;
}

std::uint64_t count_accepted_memory(std::uint32_t trials,
                                    const std::function<void(Stage&, std::uint32_t trial)>& cheat) {
    std::uint64_t accepted = 0;
    for (std::uint32_t trial = 0; trial < trials; ++trial) {
        auto stage = memory_trial_stage(trial);
        cheat(stage, trial);
        const auto code = verify(stage).code;
        REQUIRE((code == VerdictCode::ok || code == VerdictCode::walk_mismatch));
        accepted += code == VerdictCode::ok;
    }
    return accepted;
}

// Of 200 pages, `missing` hold something that is not what the seeds give.
std::uint64_t count_accepted_holes(std::uint32_t missing, std::uint32_t trials) {
    return count_accepted_memory(trials, [missing](Stage& stage, std::uint32_t trial) {
        const auto size = page_bytes(stage.params.host_pages);
        stage.change_memory = [size, chosen = choose(missing, 200, trial)](Bytes& memory) {
            for (auto page : chosen) memory[page * size] ^= 1, memory[page * size + 64] ^= 1;
        };
    });
}

} // namespace

TEST_CASE("the interval is the exact one") {
    // 10 of 100: by exact fractions in Python. 0 of 300: 1 - 0.005^(1/300).
    CHECK(clopper_pearson(10, 100).low == Approx(0.03819565));
    CHECK(clopper_pearson(10, 100).high == Approx(0.20195352));
    CHECK(clopper_pearson(0, 300).low == 0);
    CHECK(clopper_pearson(0, 300).high == Approx(1 - std::pow(0.005, 1.0 / 300)).margin(1e-6));
    CHECK(clopper_pearson(7, 7).high == 1);
}

TEST_CASE("a prover that skips a share e of its tiles is accepted with probability (1-e)^64") {
    CHECK(count_accepted_skips(0, 5, 20) == 20);
    require_rate("1 % of the tiles skipped", count_accepted_skips(16, 25, 600), 600, std::pow(0.99, 64));
    require_rate("5 % of the tiles skipped", count_accepted_skips(16, 5, 1200), 1200, std::pow(0.95, 64));
    require_rate("20 % of the tiles skipped", count_accepted_skips(64, 5, 200), 200, std::pow(0.8, 64));
}

TEST_CASE("a prover that lacks a share e of its pages is accepted with probability (1-e)^(8 openings of 8 reads)") {
    CHECK(count_accepted_holes(0, 20) == 20);
    require_rate("1 % of the pages missing", count_accepted_holes(2, 400), 400, std::pow(0.99, 64));
    require_rate("5 % of the pages missing", count_accepted_holes(10, 800), 800, std::pow(0.95, 64));
    require_rate("20 % of the pages missing", count_accepted_holes(40, 150), 150, std::pow(0.8, 64));
}

TEST_CASE("a prover that makes up a share e of its walks is accepted with probability (1-e)^8") {
    const auto make_up = [](std::uint32_t share) {
        return [share](Stage& stage, std::uint32_t trial) {
            stage.change_walk = [share, trial](Walk& walk) {
                for (auto walker : choose(1024 * share / 100, 1024, trial)) walk.ends[0][walker] ^= 1;
                walk.hash_batch(0);
            };
            stage.batches = 1;
        };
    };
    require_rate("5 % of the walks made up", count_accepted_memory(300, make_up(5)), 300, std::pow(1 - 51.0 / 1024, 8));
    require_rate("20 % of the walks made up", count_accepted_memory(300, make_up(20)), 300,
                 std::pow(1 - 204.0 / 1024, 8));
}
