#include "golden/golden_vectors.h"
#include "popw_rules/params.h"

using namespace kaisar;
using namespace kaisar::popw;
using namespace std::chrono_literals;

TEST_CASE("every named set of constants has the reference's bytes and hash") {
    for (const auto& name : params_names()) {
        INFO(name);
        const auto params = find_params(name);
        REQUIRE(params);
        CHECK(encode_hex(encode_params(*params)) == golden::text("params " + name));
        CHECK(encode_hex(params_hash(*params)) == golden::text("params-hash " + name));
        CHECK(decode_params(encode_params(*params)) == *params);
    }
    CHECK_FALSE(find_params("no such set"));
}

TEST_CASE("constants that do not fit together are refused") {
    const auto honest = *find_params("devnet");
    const auto is_refused = [&](auto change) {
        auto params = honest;
        change(params);
        return !decode_params(encode_params(params));
    };
    CHECK_FALSE(is_refused([](Params&) {}));
    CHECK(is_refused([](Params& p) { p.slot = 7s; })); // does not divide the epoch
    CHECK(is_refused(
        [](Params& p) { p.compute_window = 61s, p.slot = 300s, p.epoch = 300s; })); // beyond any worker's limit
    CHECK(is_refused([](Params& p) { p.compute_cutoff = p.compute_window - 1us; }));
    CHECK(is_refused([](Params& p) { p.safety_margin = p.compute_window; }));
    CHECK(is_refused([](Params& p) { p.memory_query_at = p.slot; })); // ends in the next slot
    CHECK(is_refused([](Params& p) { p.proof_deadline = Microseconds(0); }));
    CHECK(is_refused([](Params& p) { p.tile_openings = 0; }));
    CHECK(is_refused([](Params& p) { p.tile_openings = 257; }));
    CHECK(is_refused([](Params& p) { p.round_limit = 2049; }));
    CHECK(is_refused([](Params& p) { p.compute_weight = 61; }));
    CHECK(is_refused([](Params& p) { p.host_pages.kappa_denominator = 0; }));
    CHECK(is_refused([](Params& p) { p.profiles = {}; }));
    CHECK(is_refused([](Params& p) { p.profiles = {1, 0}; }));
    CHECK(is_refused([](Params& p) { p.profiles = {0, 0}; }));
    CHECK(is_refused([](Params& p) { p.name = "Devnet"; }));
    CHECK(is_refused([](Params& p) { p.name = ""; }));
}

TEST_CASE("constants with a foreign shape, a spare byte or a missing one are refused") {
    auto bytes = encode_params(*find_params("test"));
    auto longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode_params(longer));
    for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode_params(ByteView(bytes).first(size)));
    bytes[bytes.size() - 4] ^= 1; // k of the last profile
    CHECK_FALSE(decode_params(bytes));
}

TEST_CASE("profiles cover their matrices with complete trees") {
    for (const auto& profile : all_profiles()) {
        INFO(profile.name);
        CHECK(profile.tiles() == std::uint64_t{1} << profile.depth);
        CHECK(profile.m % 128 == 0);
        CHECK(profile.k % 64 == 0);
        CHECK(find_profile(profile.name) == find_profile(profile.id));
    }
    CHECK(find_profile("G2")->macs_per_round() == 8796093022208);
    CHECK(find_profile(5) == nullptr);
}
