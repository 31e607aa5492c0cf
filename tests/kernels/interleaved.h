/// Contenders timed in turns, A B C A B C: what slows the machine slows all of them,
/// and the median of the ratios within a round is what a comparison says.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

namespace kaisar::tests {

struct Contender {
    std::string name;
    /// What one call does, in whatever unit the comparison counts.
    double work;
    std::function<void()> call;
};

struct Timing {
    std::string name;
    /// Median, in units of work a second of processor time.
    double rate = 0;
    /// Median over the rounds of this rate divided by the first contender's in the same round.
    double to_first = 0;
    /// Median over the rounds of this rate divided by the yardstick's right after.
    double to_yardstick = 0;
    /// The rate of each round.
    std::vector<double> rates;
};

inline double thread_cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// Median over the rounds of one contender's rate divided by another's.
inline double ratio(const Timing& a, const Timing& b) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < a.rates.size(); ++i) ratios.push_back(a.rates[i] / b.rates[i]);
    return median(ratios);
}

/// By the calling thread's processor time, or by the wall, for what several threads do.
enum class Stopwatch { processor, wall };

inline double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double timed_rate(const Contender& contender, int calls, Stopwatch stopwatch = Stopwatch::processor) {
    const auto seconds = stopwatch == Stopwatch::wall ? wall_seconds : thread_cpu_seconds;
    const double start = seconds();
    for (int call = 0; call < calls; ++call) contender.call();
    return calls * contender.work / (seconds() - start);
}

/// Each contender is called as often as fills `sample_seconds`, at least once, in every round; a yardstick once after
/// each.
inline std::vector<Timing> time_in_turns(const std::vector<Contender>& contenders, int rounds, double sample_seconds,
                                         const Contender* yardstick = nullptr,
                                         Stopwatch stopwatch = Stopwatch::processor) {
    std::vector<Timing> timings;
    std::vector<int> calls;
    for (const auto& contender : contenders) {
        contender.call();
        const double once = contender.work / timed_rate(contender, 1, stopwatch);
        calls.push_back(std::max(1, static_cast<int>(sample_seconds / std::max(once, 1e-7))));
        timings.push_back({contender.name, 0, 0, 0, {}});
    }
    std::vector<std::vector<double>> beside(contenders.size());
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < contenders.size(); ++i) {
            timings[i].rates.push_back(timed_rate(contenders[i], calls[i], stopwatch));
            if (yardstick != nullptr)
                beside[i].push_back(timings[i].rates.back() / timed_rate(*yardstick, 1, stopwatch));
        }
    }
    for (std::size_t i = 0; i < timings.size(); ++i) {
        timings[i].rate = median(timings[i].rates);
        timings[i].to_first = ratio(timings[i], timings.front());
        if (yardstick != nullptr) timings[i].to_yardstick = median(beside[i]);
    }
    return timings;
}

} // namespace kaisar::tests
