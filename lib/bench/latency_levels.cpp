#include "bench/latency_levels.h"

#include "bench/statistics.h"

#include <cmath>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr double tread_rise = 1.15;    // from one size to the next, a factor of the square root of two
constexpr double level_rise = 1.6;     // between two levels: real ones differ by a factor of two and more
constexpr std::size_t tread_steps = 3; // in a row

struct Tread {
    std::size_t begin, end; ///< steps [begin, end)
    double cycles, seconds;
};

Tread make_tread(const std::vector<LatencyStep>& staircase, std::size_t begin, std::size_t end) {
    std::vector<double> cycles, seconds;
    for (std::size_t i = begin; i < end; ++i) {
        cycles.push_back(staircase[i].cycles);
        seconds.push_back(staircase[i].seconds);
    }
    return {begin, end, median_of(cycles), median_of(seconds)};
}

/// Flat parts, those that are one level joined.
std::vector<Tread> find_treads(const std::vector<LatencyStep>& staircase) {
    std::vector<Tread> treads;
    std::size_t begin = 0;
    for (std::size_t i = 1; i <= staircase.size(); ++i) {
        if (i < staircase.size() && staircase[i].cycles < staircase[i - 1].cycles * tread_rise) continue;
        if (i - begin >= tread_steps) {
            const auto tread = make_tread(staircase, begin, i);
            if (!treads.empty() && tread.cycles < treads.back().cycles * level_rise)
                treads.back().end = i; // as fast as its quiet part: what follows are conflicts and missing translations
            else
                treads.push_back(tread);
        }
        begin = i;
    }
    return treads;
}

} // namespace

std::vector<LatencyLevel> find_latency_levels(const std::vector<LatencyStep>& staircase) {
    std::vector<LatencyLevel> levels;
    const auto treads = find_treads(staircase);
    for (std::size_t i = 0; i < treads.size(); ++i) {
        const auto& tread = treads[i];
        const bool is_last = i + 1 == treads.size();
        auto end = tread.end;
        if (i > 0 && i + 2 == treads.size()) {
            const double middle = std::sqrt(tread.cycles * treads[i + 1].cycles);
            while (end < staircase.size() && staircase[end].cycles < middle) ++end;
        }
        levels.push_back({is_last && i > 0 ? "memory" : fmt::format("L{}", i + 1), staircase[tread.begin].bytes,
                          is_last && i > 0 ? 0 : staircase[end - 1].bytes, tread.seconds, tread.cycles});
    }
    return levels;
}

} // namespace kaisar
