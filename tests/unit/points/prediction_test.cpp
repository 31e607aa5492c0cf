#include "points/prediction.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::points;

namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;
constexpr popw::AttestedRates compute_only{.macs_per_s = 1'700'000'000'000};
constexpr popw::AttestedRates with_memory{
    .macs_per_s = 1'700'000'000'000, .walk_bytes_per_s = 5'000'000'000, .held_bytes = 64 * gib};

} // namespace

TEST_CASE("An epoch of the default constants is a day with twelve active slots") {
    const auto predicted = predict_points(compute_only, 64, *popw::find_params("default"));
    CHECK(predicted.epoch == std::chrono::hours(24));
    CHECK(predicted.active_slots == 12);
    // Published: 24 h with 64 of 64 cores (0.6), disk and memory at the lowest tier (0.2 each).
    CHECK(predicted.published.micro_points == 24 * 1'000'000);
    REQUIRE(predicted.published.lines.size() == 5);
    CHECK(predicted.published.lines[1].micro_points == 24 * 600'000);
    CHECK(predicted.published.lines[1].attested == "64 of 64 cores at 1700 GMAC/s");
    // Linear: 60 % of 1700 units, at full availability and quality.
    CHECK(predicted.linear.micro_points == 1020 * 1'000'000ull);
    REQUIRE(predicted.linear.lines.size() == 1);
    CHECK(predicted.linear.lines[0].attested == "mean score 1020 over 12 active slots");
}

TEST_CASE("Memory that was rehearsed raises the tier of published points and the score of linear ones") {
    const auto predicted = predict_points(with_memory, 64, *popw::find_params("default"));
    CHECK(predicted.published.lines[4].attested == "68 GB");
    CHECK(predicted.published.lines[4].micro_points == 24 * 400'000);
    // A slot with memory: (60 * 1700 + 20 * 500 + 20 * 2048) / 100 = 1529; the two before the first memory phase: 1020.
    CHECK(predicted.linear.lines[0].attested == "mean score 1444 over 12 active slots");
    CHECK(predicted.linear.micro_points == (10 * 1529 + 2 * 1020) / 12 * 1'000'000ull);
}

TEST_CASE("Every set of constants gives an epoch that is a sum of its lines") {
    for (const auto& name : popw::params_names()) {
        const auto params = *popw::find_params(name);
        const auto predicted = predict_points(with_memory, 2, params);
        CHECK(predicted.epoch == params.epoch);
        CHECK(predicted.active_slots >= 1);
        for (const auto* epoch : {&predicted.published, &predicted.linear}) {
            CHECK(epoch->micro_points > 0);
            CHECK(epoch->micro_points == total_micro_points(epoch->lines));
        }
    }
}

TEST_CASE("A prediction is what the same slots come to in the accounts") {
    const auto params = *popw::find_params("devnet");
    const auto predicted = predict_points(compute_only, 2, params);
    Devices devices;
    for (int slot = 0; slot < 15; ++slot) devices[0].add(compute_only, params);
    CHECK(predicted.active_slots == 15);
    CHECK(total_micro_points(linear_lines(devices, 15, 1'000'000, 0)) == predicted.linear.micro_points);
    CHECK(total_micro_points(published_lines(
              devices, {.active = 15, .memory = 5},
              {.claimed_cores = 2, .heard = params.epoch.count() / 1'000'000 * std::chrono::seconds(1)})) ==
          predicted.published.micro_points);
    CHECK(total_micro_points(linear_lines(devices, 30, 1'000'000, 0)) == predicted.linear.micro_points / 2);
    CHECK(total_micro_points(linear_lines(devices, 15, 1'000'000, 1)) == predicted.linear.micro_points / 2);
    CHECK(total_micro_points(linear_lines(devices, 15, 1'000'000, 3)) == 0);
}
