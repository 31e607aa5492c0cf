#include "bench/sampling.h"

#include <algorithm>
#include <chrono>

namespace kaisar {
namespace {

constexpr double sample_s = 0.02;          // a scheduler's tick or two: shorter samples see single interrupts
constexpr double ceiling_sample_s = 0.005; // nothing but registers: nothing to warm up
constexpr unsigned fewest_samples = 7;     // what a median and its spread need
constexpr unsigned most_samples = 10'000;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double time_rounds(Team& team, const Job& job, std::uint64_t rounds) {
    return team.run([&](unsigned thread) { job.run(thread, rounds); });
}

/// How many rounds take about `target_s`, found by doubling; the last doubling is also the warm-up.
std::uint64_t calibrate(Team& team, const Job& job, double target_s) {
    constexpr std::uint64_t most_rounds = std::uint64_t{1} << 40;
    for (std::uint64_t rounds = 1;; rounds *= 2) {
        const double took_s = time_rounds(team, job, rounds);
        if (took_s >= target_s / 2 || rounds >= most_rounds)
            return std::max<std::uint64_t>(
                1, static_cast<std::uint64_t>(static_cast<double>(rounds) * target_s / std::max(took_s, 1e-9)));
    }
}

double figure_of(const Job& job, std::uint64_t rounds, double took_s, Figure figure) {
    const double work = job.work_per_round * static_cast<double>(rounds);
    return figure == Figure::rate ? work / took_s : took_s / work;
}

void throw_if_stopped(const std::stop_token& stop) {
    if (stop.stop_requested())
        throw Error(ErrorKind::interrupted, "the benchmark was interrupted", "nothing was written");
}

} // namespace

Samples take_samples(Team& team, const Job& job, const Job* ceiling, const SamplingPlan& plan,
                     const std::stop_token& stop) {
    Samples samples{};
    throw_if_stopped(stop);
    samples.first_call = figure_of(job, 1, time_rounds(team, job, 1), plan.figure);
    const auto rounds = calibrate(team, job, sample_s);
    const auto ceiling_rounds = ceiling != nullptr ? calibrate(team, *ceiling, ceiling_sample_s) : 0;
    job.poison();
    const auto start = std::chrono::steady_clock::now();
    const auto is_enough = [&] {
        const auto taken = samples.figures.size();
        if (plan.samples != 0) return taken >= plan.samples;
        return taken >= most_samples || (taken >= fewest_samples && seconds_since(start) >= plan.duration_s);
    };
    while (!is_enough()) {
        throw_if_stopped(stop);
        if (ceiling != nullptr)
            samples.ceilings.push_back(
                figure_of(*ceiling, ceiling_rounds, time_rounds(team, *ceiling, ceiling_rounds), Figure::rate));
        const double took_s = time_rounds(team, job, rounds);
        samples.figures.push_back(figure_of(job, rounds, took_s, plan.figure));
        samples.sampled_s += took_s;
        const double done = plan.samples != 0 ? static_cast<double>(samples.figures.size()) / plan.samples
                                              : seconds_since(start) / plan.duration_s;
        if (plan.progress) plan.progress(std::min(done, 1.0));
    }
    samples.verified = job.has_right_answers() && (ceiling == nullptr || ceiling->has_right_answers());
    return samples;
}

} // namespace kaisar
