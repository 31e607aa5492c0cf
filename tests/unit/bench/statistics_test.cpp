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
}

TEST_CASE("A trend is told from noise by Mann and Kendall's test") {
    std::vector<double> rising(20);
    std::iota(rising.begin(), rising.end(), 1);
    // All 190 pairs rise: z = 189 / sqrt(950) = 6.13, and two tails beyond that are 8.7e-10.
    CHECK(trend_probability(rising) == Approx(8.7e-10).epsilon(0.01));
    // 10 samples with 25 rising and 20 falling pairs: z = 4 / sqrt(125) = 0.358, p = 0.7205.
    const std::vector<double> mixed{5, 6, 1, 10, 2, 9, 3, 8, 4, 7};
    std::int64_t score = 0;
    for (std::size_t i = 0; i < mixed.size(); ++i)
        for (std::size_t j = i + 1; j < mixed.size(); ++j) score += mixed[j] > mixed[i] ? 1 : -1;
    CHECK(score == 5);
    CHECK(trend_probability(mixed) == Approx(0.7205).epsilon(0.01));
    CHECK(trend_probability(std::vector<double>(30, 4)) == 1);
    CHECK(trend_probability(std::vector<double>{1, 2, 3}) == 1);
}

TEST_CASE("Work a cycle is taken sample by sample, so that a clock that moves does not move it") {
    const std::vector<double> rates{20, 30, 40, 5}, clocks{2, 3, 4, 1};
    CHECK(median_per_cycle(rates, clocks) == 10.0);
    CHECK_FALSE(median_per_cycle(rates, std::vector<double>{2, 3, 4}));
    CHECK_FALSE(median_per_cycle({}, {}));
}
