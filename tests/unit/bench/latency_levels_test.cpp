#include "bench/latency_levels.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

/// Steps a factor of the square root of two apart from 4 KiB on, at one cycle a nanosecond.
std::vector<LatencyStep> staircase_of(const std::vector<double>& cycles) {
    std::vector<LatencyStep> steps;
    std::uint64_t bytes = 4096;
    for (std::size_t i = 0; i < cycles.size(); ++i) {
        steps.push_back({i % 2 == 0 ? bytes : bytes * 181 / 128, cycles[i] * 1e-9, cycles[i]});
        if (i % 2 == 1) bytes *= 2;
    }
    return steps;
}

} // namespace

TEST_CASE("Caches are the flat parts of the staircase, and memory is its end") {
    // As measured on a virtual machine: L1 of 48 KiB, L2 of 2 MiB that rises early, a last cache that ends slowly.
    const auto levels = find_latency_levels(
        staircase_of({4.9,  5.0, 4.9, 5.0, 4.9, 5.0, 4.9, 5.0, 15.7, 15.9, 15.9, 16.1, 16.2, 16.4, 18.0, 20.8, 22.6,
                      23.5, 64,  115, 123, 123, 130, 203, 254, 333,  479,  516,  546,  564,  570,  584,  604}));
    REQUIRE(levels.size() == 4);
    CHECK(levels[0].name == "L1");
    CHECK(levels[0].bytes == 46336);
    CHECK(levels[0].cycles == Approx(4.95));
    CHECK(levels[1].name == "L2");
    CHECK(levels[1].bytes == 1482752);
    CHECK(levels[1].cycles == Approx(16.0).epsilon(0.02));
    CHECK(levels[2].name == "L3");
    CHECK(levels[2].bytes == 16777216); // the last that answers before the mean of 123 and 564, which is 263
    CHECK(levels[3].name == "memory");
    CHECK(levels[3].bytes == 0);
    CHECK(levels[3].seconds == Approx(564e-9));
}

TEST_CASE("A part of memory that the first cache holds has one level and no memory behind it") {
    const auto levels = find_latency_levels(staircase_of({4, 4, 4, 4.1}));
    REQUIRE(levels.size() == 1);
    CHECK(levels.front().name == "L1");
    CHECK(levels.front().bytes == 11584);
    CHECK(find_latency_levels({}).empty());
    CHECK(find_latency_levels(staircase_of({4, 4})).empty());
}
