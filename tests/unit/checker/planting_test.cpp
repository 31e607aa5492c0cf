#include "checker/planting.h"
#include "stage.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::checker;
using namespace kaisar::network;
using namespace std::chrono_literals;
using popw::VerdictCode;

namespace {

constexpr std::size_t checker_count = 3;

void decide_all(Stage& stage) {
    while (stage.host.decide_next()) {
    }
}

/// A proof that some checker received and nobody has voted about.
ProofRecord planted_proof(Stage& stage) {
    std::vector<ProofRecord> proofs;
    stage.store.read([&](const RecordReader& records) { proofs = records.undecided_proofs(std::nullopt, 10); });
    REQUIRE(proofs.size() == checker_count);
    return proofs.front();
}

/// The vote of a checker that signs without looking.
void vote_lazily(Stage& stage, std::size_t number, const ProofRecord& proof) {
    const auto& key = stage.keys.checkers[number].signing;
    const popw::Verdict verdict{.epoch = proof.key.epoch,
                                .slot = proof.key.slot,
                                .device_index = proof.device,
                                .code = VerdictCode::ok,
                                .node_id = proof.key.node_id,
                                .issuer = key.public_key(),
                                .proof_hash = proof.hash,
                                .macs = 1'000'000};
    const auto text = encode_verdict(verdict, key);
    stage.store.write([&](RecordWriter& records) {
        records.insert_ballot({.checker = popw::id_of_key(key.public_key()),
                               .proof_hash = proof.hash,
                               .key = proof.key,
                               .device = proof.device,
                               .commitment = popw::verdict_commitment(text),
                               .committed_at = stage.clock.now(),
                               .verdict = text});
    });
}

std::size_t wrong_votes(Stage& stage, std::size_t number) {
    std::size_t count = 0;
    stage.store.read(
        [&](const RecordReader& records) { count = records.wrong_votes(stage.host.checker(number).id()).size(); });
    return count;
}

} // namespace

TEST_CASE("a planted proof is right in everything but its tiles, and costs an honest checker nothing") {
    Stage stage(played_params(), checker_count);
    Planter planter(stage.store, stage.clock, stage.host, stage.primitives, 20'000);
    planter.plant(stage.coming_slot(), 1, {});
    const auto proof = planted_proof(stage);
    decide_all(stage);
    stage.store.read([&](const RecordReader& records) {
        const auto verdict = records.find_verdict(proof.hash);
        REQUIRE(verdict);
        CHECK(verdict->code == static_cast<std::uint16_t>(VerdictCode::tile_mismatch));
        CHECK(verdict->macs == 0);
    });
    stage.clock.set(stage.clock.now() + stage.params.proof_deadline);
    planter.review(stage.clock.now());
    for (std::size_t number = 0; number < checker_count; ++number) CHECK(wrong_votes(stage, number) == 0);
}

TEST_CASE("a checker that calls a planted proof good is found out, alone or in the majority") {
    for (const std::size_t lazy : {1u, 2u}) {
        Stage stage(played_params(), checker_count);
        Planter planter(stage.store, stage.clock, stage.host, stage.primitives, 20'000);
        planter.plant(stage.coming_slot(), 1, {});
        const auto proof = planted_proof(stage);
        for (std::size_t number = 0; number < lazy; ++number) vote_lazily(stage, number, proof);
        decide_all(stage);
        stage.clock.set(stage.clock.now() + stage.params.proof_deadline);
        planter.review(stage.clock.now());
        for (std::size_t number = 0; number < checker_count; ++number)
            CHECK(wrong_votes(stage, number) == (number < lazy ? 1 : 0));
    }
}

TEST_CASE("where every checker is banned nothing can be planted, and that is said") {
    Stage stage(played_params(), checker_count);
    const auto slot = stage.coming_slot();
    stage.store.write([&](RecordWriter& records) {
        for (std::size_t number = 0; number < checker_count; ++number)
            for (std::uint8_t vote = 1; vote <= 2; ++vote)
                records.put_wrong_vote(stage.host.checker(number).id(), filled(vote),
                                       boundary_of(stage.params, {slot.epoch, 0}) - 1h);
    });
    Planter planter(stage.store, stage.clock, stage.host, stage.primitives, 20'000);
    CHECK_THROWS_WITH(planter.plant(slot, 1, {}), Catch::Contains("no checker gets tasks"));
}

TEST_CASE("two proofs in a hundred are planted, over many slots") {
    Stage stage(played_params(), checker_count);
    auto constants = stage.constants();
    const Bytes secret(32, 7); // the same draw in every run
    constants.schedule_secret = secret;
    CheckerHost host(stage.store, stage.clock, stage.keys, constants, stage.primitives);
    const Planter planter(stage.store, stage.clock, host, stage.primitives, 20'000);
    constexpr std::uint32_t slots = 20'000;
    std::size_t lone = 0;
    std::size_t many = 0;
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
        lone += planter.count_in({1, slot}, 1);
        many += planter.count_in({1, slot}, 175);
    }
    // Binomial, p = 0.02 and 0.5 on top of 3 a slot; four standard deviations.
    CHECK(std::abs(static_cast<double>(lone) - 400) < 80);
    CHECK(std::abs(static_cast<double>(many) - 3.5 * slots) < 283);
    CHECK(planter.count_in({1, 1}, 0) == 0);
}
