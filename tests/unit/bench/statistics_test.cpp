#include "bench/statistics.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

using namespace kaisar;

TEST_CASE("The median of an even number of samples lies between the two in the middle") {
    const std::vector<double> samples{4, 1, 3, 2};
    CHECK(median_of(samples) == 2.5);
    CHECK(median_of(std::vector<double>{7}) == 7);
    CHECK(median_of(std::vector<double>{}) == 0);
}

TEST_CASE("One outlier moves neither median nor spread") {
    const std::vector<double> samples{10, 11, 9, 10, 1000, 10, 11};
    const auto s = summarize(samples);
    CHECK(s.median == 10);
    CHECK(s.mad == 1);
    CHECK(s.min == 9);
    CHECK(s.max == 1000);
}

TEST_CASE("The confidence interval takes the ranks of the sign test") {
    // Ranks for 95 % as published (Conover, Practical Nonparametric Statistics, table A3): n = 20 gives 6 and 15.
    std::vector<double> samples(20);
    std::iota(samples.begin(), samples.end(), 1);
    auto s = summarize(samples);
    CHECK(s.ci_low == 6);
    CHECK(s.ci_high == 15);
    samples.resize(6);
    s = summarize(samples);
    CHECK(s.ci_low == 1);
    CHECK(s.ci_high == 6);
    samples.assign(5001, 3);
    CHECK(summarize(samples).ci_low == 3);
}

TEST_CASE("A machine that slows down shows a negative drift") {
    std::vector<double> samples(30, 100);
    for (std::size_t i = 20; i < 30; ++i) samples[i] = 90;
    const auto s = summarize(samples);
    CHECK(s.drift == Approx(-0.1));
    CHECK_FALSE(is_stable(s, 0.05));
    CHECK(is_stable(s, 0.2));
}

TEST_CASE("Spread beyond the bound is not stable, and nothing at all is not stable either") {
    std::vector<double> samples;
    for (int i = 0; i < 30; ++i) samples.push_back(i % 2 == 0 ? 90 : 110);
    CHECK_FALSE(is_stable(summarize(samples), 0.05));
    CHECK(is_stable(summarize(samples), 0.11));
    CHECK_FALSE(is_stable(summarize(std::vector<double>{}), 1));
}
