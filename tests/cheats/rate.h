/// How often a cheat got through, and what that says about how often it does.
#pragma once

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cmath>
#include <iostream>

namespace kaisar::cheats {

struct Interval {
    double low;
    double high;
    bool contains(double value) const { return low <= value && value <= high; }
};

/// P(X <= accepted) for X binomial.
inline double binomial_cdf(std::uint64_t accepted, std::uint64_t trials, double probability) {
    if (probability <= 0) return 1;
    if (probability >= 1) return accepted >= trials ? 1 : 0;
    double sum = 0;
    for (std::uint64_t i = 0; i <= accepted; ++i) {
        const auto n = static_cast<double>(trials);
        const auto k = static_cast<double>(i);
        sum += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(probability) +
                        (n - k) * std::log1p(-probability));
    }
    return std::min(sum, 1.0);
}

/// The exact 99 % interval of Clopper and Pearson (Biometrika 26, 1934): every probability under which neither so many
/// nor so few would have less than 0.5 %.
inline Interval clopper_pearson(std::uint64_t accepted, std::uint64_t trials) {
    constexpr double tail = 0.005;
    const auto solve = [](const auto& is_below) {
        double low = 0;
        double high = 1;
        for (int halving = 0; halving < 60; ++halving) (is_below((low + high) / 2) ? low : high) = (low + high) / 2;
        return low;
    };
    Interval interval{0, 1};
    if (accepted > 0) interval.low = solve([&](double p) { return 1 - binomial_cdf(accepted - 1, trials, p) < tail; });
    if (accepted < trials) interval.high = solve([&](double p) { return binomial_cdf(accepted, trials, p) > tail; });
    return interval;
}

/// Prints the row that tests/suites.py repeats, and requires that the formula is in the interval.
inline void require_rate(const std::string& cheat, std::uint64_t accepted, std::uint64_t trials, double formula) {
    const auto interval = clopper_pearson(accepted, trials);
    std::cout << fmt::format("figure: {}: {} of {} accepted, 99 % interval {:.4f} to {:.4f}, formula {:.2g}\n", cheat,
                             accepted, trials, interval.low, interval.high, formula);
    INFO(cheat << ": " << accepted << " of " << trials);
    CHECK(interval.contains(formula));
}

} // namespace kaisar::cheats
