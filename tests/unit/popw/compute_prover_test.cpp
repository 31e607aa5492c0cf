#include "golden/golden_vectors.h"
#include "popw/compute_prover.h"
#include "staged_proof.h"

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::popw::staged;
using namespace std::chrono_literals;

namespace {

const Bytes32 seed = golden::ascending<32>(0);

RunLimits rounds(std::uint32_t count) {
    return {.deadline = std::chrono::steady_clock::now() + 60s, .round_limit = count};
}

void require_openings_lead_to_roots(const ComputeRun& run, std::span<const TileQuery> queries,
                                    const ComputePart& part) {
    const TreeHasher hasher(primitives());
    REQUIRE(part.openings.size() == queries.size());
    for (std::size_t i = 0; i < queries.size(); ++i) {
        const auto& opening = part.openings[i];
        CHECK(opening.siblings.size() == run.profile.depth);
        CHECK(hasher.fold_path(opening.leaf, queries[i].leaf, opening.siblings) == run.roots[queries[i].round]);
    }
}

} // namespace

TEST_CASE("the prover's roots are the reference's, whatever the number of threads") {
    for (unsigned threads : {1u, 2u, 3u, 7u}) {
        INFO(threads << " threads");
        ComputeProver prover(primitives(), *find_profile("T0"), threads);
        const auto run = prover.run(seed, rounds(2));
        REQUIRE(run.roots.size() == 2);
        CHECK(encode_hex(run.roots[0]) == golden::text("t0 root 0"));
        CHECK(encode_hex(run.roots[1]) == golden::text("t0 root 1"));
        CHECK(encode_hex(run.commit()) == golden::text("t0 compute-commit"));
        CHECK(run.macs() == 2 * 4194304);
    }
}

TEST_CASE("rounds of many superblocks agree with a plain recomputation and between numbers of threads") {
    const auto& profile = *find_profile("C1");
    ComputeProver one(primitives(), profile, 1);
    ComputeProver three(primitives(), profile, 3);
    const auto run = one.run(seed, rounds(2));
    CHECK(run.roots == three.run(seed, rounds(2)).roots);
    CHECK(run.roots[0] == recompute_root(primitives(), profile, round_seed(seed, 0, {})));
    CHECK(encode_hex(run.roots[0]) + "\n" == text_of(golden::file("popw_c1_root.txt")));
    const auto queries = draw_tile_queries(primitives(), seed, 2, profile, 16);
    require_openings_lead_to_roots(run, queries, open_tiles(primitives(), run, queries));
}

TEST_CASE("a prover is used again and again") {
    ComputeProver prover(primitives(), *find_profile("T0"), 2);
    const auto first = prover.run(seed, rounds(3));
    const auto other = prover.run(golden::repeated(9), rounds(5));
    CHECK(other.roots.size() == 5);
    CHECK(prover.run(seed, rounds(3)).roots == first.roots);
}

TEST_CASE("every tile of a run can be opened") {
    ComputeProver prover(primitives(), *find_profile("T0"), 2);
    const auto run = prover.run(seed, rounds(2));
    std::vector<TileQuery> queries;
    for (std::uint32_t round = 0; round < 2; ++round)
        for (std::uint64_t leaf = 0; leaf < 64; ++leaf) queries.push_back({round, leaf});
    require_openings_lead_to_roots(run, queries, open_tiles(primitives(), run, queries));
}

TEST_CASE("a deadline that has passed still makes one round, a stop before it none") {
    ComputeProver prover(primitives(), *find_profile("T0"), 2);
    CHECK(prover.run(seed, {.deadline = std::chrono::steady_clock::now() - 1s}).roots.size() == 1);
    std::stop_source stop;
    stop.request_stop();
    CHECK(
        prover.run(seed, {.deadline = std::chrono::steady_clock::now() + 60s, .stop = stop.get_token()}).roots.empty());
}

TEST_CASE("a stop ends the run after the round in progress and a failing observer's error comes through") {
    ComputeProver prover(primitives(), *find_profile("T0"), 2);
    std::stop_source stop;
    RunLimits limits = rounds(2048);
    limits.stop = stop.get_token();
    limits.on_round = [&](std::uint32_t made) {
        if (made == 4) stop.request_stop();
    };
    CHECK(prover.run(seed, limits).roots.size() == 4);
    limits.stop = {};
    limits.on_round = [](std::uint32_t) { throw Error(ErrorKind::environment, "the terminal went away"); };
    CHECK_THROWS_AS(prover.run(seed, limits), Error);
    CHECK(prover.run(seed, rounds(2)).roots.size() == 2);
}

TEST_CASE("a run that differs from its recomputation is found out before it is marked or opened") {
    ComputeProver prover(primitives(), *find_profile("T0"), 1);
    auto run = prover.run(seed, rounds(1));
    require_consistent(primitives(), run);
    run.superblock_roots[0][0][5] ^= 1;
    CHECK_THROWS_AS(require_consistent(primitives(), run), Error);
    const TileQuery query{0, 7};
    CHECK_THROWS_AS(open_tiles(primitives(), run, {&query, 1}), Error);
}

TEST_CASE("a kernel that is wrong in one element of a tile does not pass the check against the plain one") {
    auto broken = primitives();
    broken.gemm.multiply = [](const kernels::GemmS8Arguments& arguments) noexcept {
        primitives().gemm.multiply(arguments);
        for (std::size_t row = 0; row < arguments.m; ++row) // one wrong bit in every tile
            for (std::size_t column = 0; column < arguments.n; column += 16)
                arguments.c[row * arguments.ldc + column] ^= 1;
    };
    ComputeProver prover(broken, *find_profile("T0"), 1);
    const auto run = prover.run(seed, rounds(1));
    CHECK_THROWS_AS(require_consistent(broken, run), Error);
}

TEST_CASE("the profile is the largest that leaves eight rounds in the window and fits the memory") {
    const auto params = *find_params("default");
    const auto chosen = [&](double macs_per_s, std::uint64_t memory) {
        return choose_profile(params, macs_per_s, primitives(), 2, memory).name;
    };
    constexpr std::uint64_t plenty = std::uint64_t{1} << 40;
    CHECK(chosen(1e9, plenty) == "C1"); // the smallest, although no eight rounds fit
    CHECK(chosen(5e10, plenty) == "C1");
    CHECK(chosen(5.6e10, plenty) == "C2");
    CHECK(chosen(4.5e11, plenty) == "G1");
    CHECK(chosen(1e14, plenty) == "G2");
    CHECK(chosen(1e14, 400 << 20) == "C2");
    CHECK(chosen(1e14, 0) == "C1");
    CHECK(choose_profile(*find_params("test"), 1e14, primitives(), 2, plenty).name == "T0");
}

TEST_CASE("memory is stated as two operands, a block a thread and the superblocks' roots") {
    const auto bytes = ComputeProver::memory_bytes(primitives(), *find_profile("C2"), 2, 2048);
    CHECK(bytes > (64u << 20));
    CHECK(bytes < (200u << 20));
}
