// Cheats about the work itself: done once and handed in twice, done in less precision, done for somebody else, or of
// another size. Whoever cheats here recomputes, commits and signs again all that he can.
#include "golden/patterns.h"
#include "other_work.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <iostream>

using namespace kaisar;
using namespace kaisar::cheats;
using namespace kaisar::popw;
using namespace kaisar::popw::staged;

namespace {

VerdictCode verdict_on(LeafMaker maker) {
    Stage stage;
    stage.make_leaves = std::move(maker);
    return verify(stage).code;
}

Bytes32 combined_start(const Stage& stage, const Bytes32& node) {
    std::vector<Contribution> contributions;
    for (auto i : stage.members)
        contributions.push_back(
            {id_of_key(checker_key(i).public_key()), beacon_value(golden::repeated(static_cast<std::uint8_t>(0x30 + i)),
                                                                  BeaconPhase::start, stage.network_id, stage.slot)});
    return combine_beacon(BeaconPhase::start, stage.slot, stage.schedule_word, node, contributions);
}

// What the staged proof's device seed is made from, each part open to change.
struct SeedParts {
    Stage stage;
    Bytes32 node = node_id();
    std::uint16_t index = 3;
    DeviceKind kind = DeviceKind::cpu;
    Bytes32 uid = golden::repeated(0x55);
    std::uint32_t profile_id = 0;

    Bytes32 seed() const {
        return device_seed(slot_seed(params_hash(stage.params), stage.slot, node, combined_start(stage, node)), index,
                           kind, uid, profile_id);
    }
};

VerdictCode verdict_on_work_of(const std::function<void(SeedParts&)>& change) {
    SeedParts parts;
    change(parts);
    return verdict_on(work_of(parts.seed()));
}

// The share of 128 tiles that this arithmetic gets wrong.
std::size_t count_wrong_tiles(const Product& product) {
    std::size_t wrong = 0;
    for (std::uint8_t round = 0; round < 2; ++round) {
        std::vector<Bytes32> right(superblock_tiles);
        std::vector<Bytes32> made(superblock_tiles);
        with_product(exact_product)(0, golden::repeated(round), right);
        with_product(product)(0, golden::repeated(round), made);
        for (std::size_t i = 0; i < right.size(); ++i) wrong += right[i] != made[i];
    }
    return wrong;
}

} // namespace

TEST_CASE("the cheaters' own arithmetic is right when it is exact, and their borrowed work when it is their own") {
    CHECK(verdict_on(with_product(exact_product)) == VerdictCode::ok);
    CHECK(verdict_on_work_of([](SeedParts&) {}) == VerdictCode::ok);
}

TEST_CASE("A or B generated once and used in every round is a wrong product: code 9") {
    for (auto reused : {Operand::a, Operand::b_transposed}) {
        const LeafMaker maker = [reused, kept = Row()](std::uint32_t round, const Bytes32& seed,
                                                       std::vector<Bytes32>& leaves) mutable {
            if (round == 0) kept = operand(seed, reused);
            const auto a = reused == Operand::a ? kept : operand(seed, Operand::a);
            const auto b = reused == Operand::a ? operand(seed, Operand::b_transposed) : kept;
            multiply(a, b, exact_product, leaves);
        };
        CHECK(verdict_on(maker) == VerdictCode::tile_mismatch);
    }
}

TEST_CASE("rows that repeat, which would make the product cheap, are a wrong product: code 9") {
    // Entries that depend on row + column only: the product needs n² operations.
    const LeafMaker sums = [](std::uint32_t, const Bytes32& seed, std::vector<Bytes32>& leaves) {
        auto a = operand(seed, Operand::a);
        const auto k = smallest_profile().k;
        for (std::size_t i = k; i < a.size(); ++i) a[i] = a[(i / k + i % k) % k];
        multiply(a, operand(seed, Operand::b_transposed), exact_product, leaves);
    };
    CHECK(verdict_on(sums) == VerdictCode::tile_mismatch);
    // One tile of each round, handed in 64 times.
    const LeafMaker one_tile = [](std::uint32_t, const Bytes32& seed, std::vector<Bytes32>& leaves) {
        std::ranges::fill(leaves, recompute_leaf(primitives(), TreeHasher(primitives()), smallest_profile(), seed, 0));
    };
    CHECK(verdict_on(one_tile) == VerdictCode::tile_mismatch);
}

TEST_CASE("arithmetic of less precision is a wrong product: code 9") {
    const std::pair<std::string, Product> shortcuts[] = {{"pairs that saturate at 16 bits", saturating_product},
                                                         {"sums rounded to fp16", rounded_product(11)},
                                                         {"sums rounded to bf16", rounded_product(8)},
                                                         {"operands of seven bits", seven_bit_product}};
    for (const auto& [name, product] : shortcuts) {
        INFO(name);
        CHECK(verdict_on(with_product(product)) == VerdictCode::tile_mismatch);
        std::cout << fmt::format("figure: {}: {} of 128 tiles wrong\n", name, count_wrong_tiles(product));
    }
}

TEST_CASE("work for another slot, node, device, shape or network is not this work: code 9") {
    const std::function<void(SeedParts&)> others[] = {
        [](SeedParts& p) { p.stage.slot.slot -= 1; },
        [](SeedParts& p) { p.stage.slot.epoch -= 1; },
        [](SeedParts& p) { p.node = golden::repeated(9); },
        [](SeedParts& p) { p.index = 4; },
        [](SeedParts& p) { p.kind = DeviceKind::cuda; },
        [](SeedParts& p) { p.uid = golden::repeated(0x56); },
        [](SeedParts& p) { p.profile_id = 1; },
        [](SeedParts& p) { p.stage.params.proof_deadline += Microseconds(1); },
        [](SeedParts& p) {
            p.stage.members = {0, 1};
        },
        [](SeedParts& p) { p.stage.network_id = 8; },
    };
    for (const auto& change : others) CHECK(verdict_on_work_of(change) == VerdictCode::tile_mismatch);
}

TEST_CASE("a commitment under a seed of other dimensions does not hold: code 7") {
    SeedParts larger;
    larger.profile_id = 1;
    const auto seed = larger.seed();
    std::vector<Bytes32> shown;
    Stage stage;
    stage.make_leaves = work_of(seed);
    stage.change_roots = [&](std::vector<Bytes32>& roots) { shown = roots; };
    stage.change_mark = [&](Mark& mark) { mark.devices[0].commit = compute_commit(seed, 1, shown); };
    CHECK(verify(stage).code == VerdictCode::commit_mismatch);
}

TEST_CASE("a small round is not handed in as one of a larger profile") {
    Stage stage;
    stage.params = *find_params("devnet"); // which allows C1 too
    stage.slot.slot = 7;
    SeedParts claimed;
    claimed.stage = stage;
    claimed.profile_id = 1;
    const auto seed = claimed.seed();
    stage.received_us = {4000000, 4000000};
    stage.make_leaves = work_of(seed);
    std::vector<Bytes32> roots;
    stage.change_roots = [&](std::vector<Bytes32>& made) { roots = made; };
    stage.change_mark = [&](Mark& mark) {
        mark.devices[0].shape = 1;
        mark.devices[0].commit = compute_commit(seed, 1, roots);
    };
    CHECK(verify(stage).code == VerdictCode::malformed); // paths of six siblings instead of twelve
    stage.change_proof = [](Proof& proof) {
        for (auto& opening : proof.compute->openings) opening.siblings.resize(12);
    };
    CHECK(verify(stage).code == VerdictCode::path_mismatch);
}

TEST_CASE("sizes over the table and rounds over the cap are refused before anything is computed: code 12") {
    for (int shape : {1, 5, 255}) {
        Stage stage;
        stage.change_mark = [shape](Mark& mark) { mark.devices[0].shape = static_cast<std::uint8_t>(shape); };
        CHECK(verify(stage).code == VerdictCode::limits);
    }
    Stage many;
    many.params.round_limit = 3;
    many.rounds = 3;
    CHECK(verify(many).code == VerdictCode::ok);
    many.rounds = 4;
    CHECK(verify(many).code == VerdictCode::limits);
    Stage few; // rounds that nobody did are claimed in mark and proof alike
    few.change_roots = [](std::vector<Bytes32>& roots) { roots.resize(hard_round_limit + 1); };
    few.change_mark = [](Mark& mark) { mark.devices[0].count = hard_round_limit + 1; };
    CHECK(verify(few).code == VerdictCode::limits);
}

TEST_CASE("rounds that were not done are not counted, however many roots are shown") {
    // Two rounds of work, 40 made-up roots after them, all committed: 64 openings meet the work with probability
    // (2/42)^64.
    Stage stage;
    stage.change_roots = [](std::vector<Bytes32>& roots) { roots.resize(42, golden::repeated(1)); };
    stage.change_mark = [](Mark& mark) { mark.devices[0].count = 42; };
    stage.rounds = 2;
    std::uint32_t shown = 0;
    stage.change_proof = [&](Proof& proof) { shown = static_cast<std::uint32_t>(proof.compute->roots.size()); };
    CHECK(verify(stage).code == VerdictCode::path_mismatch);
    CHECK(shown == 42);
}
