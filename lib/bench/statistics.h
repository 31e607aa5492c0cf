/// What a row of samples says, in figures that one outlier cannot move.
#pragma once

#include <optional>
#include <span>

namespace kaisar {

struct Statistics {
    double median = 0;
    double min = 0;
    double max = 0;
    /// Median absolute deviation from the median, unscaled.
    double mad = 0;
    /// Bounds of a 95 % confidence interval of the median, by order statistics: no assumption about the distribution.
    /// With fewer than six samples there is none as narrow, and the bounds are min and max.
    double ci_low = 0;
    double ci_high = 0;
    /// How far the median of the last third lies from that of the first third, relative to the median: negative when
    /// the machine became slower (heat, power) if samples are rates.
    double drift = 0;
    /// How likely a trend at least as clear would be if the samples came in a random order (Mann, Kendall, two-sided,
    /// normal approximation); one for fewer than eight samples.
    double drift_p = 1;
};

/// Of the samples in the order in which they were taken; all zero for none.
Statistics summarize(std::span<const double> samples);

/// Mann-Kendall as in Statistics::drift_p.
double trend_probability(std::span<const double> samples);

double median_of(std::span<const double> samples);

/// Median of each rate divided by the clock that was measured with it; nothing unless there is one for each.
std::optional<double> median_per_cycle(std::span<const double> rates, std::span<const double> clocks_hz);

} // namespace kaisar
