#include "bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace kaisar {
namespace {

double median_of_sorted(const std::vector<double>& sorted) {
    if (sorted.empty()) return 0;
    const auto middle = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

std::vector<double> sorted_copy(std::span<const double> samples) {
    std::vector<double> sorted(samples.begin(), samples.end());
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

/// The largest rank r (from 0) such that at most 2.5 % of all rows of n samples have their median below the r-th
/// smallest.
std::size_t lower_rank(std::size_t n) {
    constexpr double tail_limit = 0.025;
    // P(exactly i of n samples lie below the median) = C(n, i) / 2^n, by logarithms: 2^n overflows for long rows.
    double log_term = -static_cast<double>(n) * std::log(2.0), tail = 0;
    std::size_t rank = 0;
    for (std::size_t i = 0; i < n / 2; ++i) {
        tail += std::exp(log_term);
        if (tail > tail_limit) break;
        rank = i;
        log_term += std::log(static_cast<double>(n - i)) - std::log(static_cast<double>(i + 1));
    }
    return rank;
}

} // namespace

double median_of(std::span<const double> samples) { return median_of_sorted(sorted_copy(samples)); }

Statistics summarize(std::span<const double> samples) {
    Statistics s;
    if (samples.empty()) return s;
    const auto sorted = sorted_copy(samples);
    s.median = median_of_sorted(sorted);
    s.min = sorted.front();
    s.max = sorted.back();
    std::vector<double> deviations;
    for (const double sample : samples) deviations.push_back(std::abs(sample - s.median));
    s.mad = median_of(deviations);
    const auto rank = lower_rank(sorted.size());
    s.ci_low = sorted[rank];
    s.ci_high = sorted[sorted.size() - 1 - rank];
    const auto third = samples.size() / 3;
    if (third != 0 && s.median != 0)
        s.drift = (median_of(samples.last(third)) - median_of(samples.first(third))) / s.median;
    s.drift_p = trend_probability(samples);
    return s;
}

double trend_probability(std::span<const double> samples) {
    constexpr std::size_t fewest = 8, most = 2000; // all pairs are looked at: of longer rows, every so many-th
    const std::size_t stride = samples.size() / most + 1;
    std::vector<double> thinned;
    for (std::size_t i = 0; i < samples.size(); i += stride) thinned.push_back(samples[i]);
    if (thinned.size() < fewest) return 1;
    std::int64_t score = 0, pairs_tied = 0;
    for (std::size_t i = 0; i < thinned.size(); ++i)
        for (std::size_t j = i + 1; j < thinned.size(); ++j) {
            score += (thinned[j] > thinned[i]) - (thinned[j] < thinned[i]);
            pairs_tied += thinned[j] == thinned[i];
        }
    const auto n = static_cast<double>(thinned.size());
    const double pairs = n * (n - 1) / 2;
    // Without ties the variance is n(n-1)(2n+5)/18; ties only make it smaller, so that leaving them in is cautious.
    const double deviation = std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
    if (static_cast<double>(pairs_tied) == pairs || score == 0) return 1;
    const double z = (std::abs(static_cast<double>(score)) - 1) / deviation;
    return std::erfc(z / std::sqrt(2.0));
}

std::optional<double> median_per_cycle(std::span<const double> rates, std::span<const double> clocks_hz) {
    if (rates.empty() || rates.size() != clocks_hz.size()) return std::nullopt;
    std::vector<double> ratios;
    for (std::size_t i = 0; i < rates.size(); ++i) ratios.push_back(rates[i] / clocks_hz[i]);
    return median_of(ratios);
}

} // namespace kaisar
