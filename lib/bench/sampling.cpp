#include "bench/sampling.h"
#include "bench/statistics.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace kaisar {
namespace {

constexpr double sample_s = 0.02;             // a scheduler's tick or two: shorter samples see single interrupts
constexpr double ceiling_sample_s = 0.005;    // nothing but registers: nothing to warm up
constexpr unsigned fewest_samples = 7;        // what a median and its spread need
constexpr double warm_up_part = 0.3;          // of the duration, at most
constexpr unsigned most_counted_samples = 40; // of a job with most_rounds
constexpr unsigned most_samples = 10'000;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double time_rounds(Team& team, const Job& job, std::uint64_t rounds) {
    return team.run([&](unsigned thread) { job.run(thread, rounds); }, job.timed_by.value_or(team.timed_by()));
}

/// How many rounds take about `target_s`, found by doubling; the last doubling is also the warm-up.
std::uint64_t calibrate(Team& team, const Job& job, double target_s) {
    const std::uint64_t most_rounds = job.most_rounds != 0 ? job.most_rounds : std::uint64_t{1} << 40;
    for (std::uint64_t rounds = 1;; rounds *= 2) {
        const double took_s = time_rounds(team, job, rounds);
        if (took_s >= target_s / 2 || rounds >= most_rounds)
            return std::clamp<std::uint64_t>(
                static_cast<std::uint64_t>(static_cast<double>(rounds) * target_s / std::max(took_s, 1e-9)), 1,
                most_rounds);
    }
}

/// Runs samples that nobody keeps until three in a row take as long as the three before.
void warm_up(Team& team, const Job& job, std::uint64_t rounds, double limit_s) {
    constexpr double steady = 0.01; // what a clock that still settles changes from sample to sample
    constexpr std::size_t in_a_row = 3;
    const auto start = std::chrono::steady_clock::now();
    std::vector<double> took_s;
    while (seconds_since(start) < limit_s) {
        took_s.push_back(time_rounds(team, job, rounds));
        if (took_s.size() < 2 * in_a_row) continue;
        if (job.most_rounds != 0) return;
        const auto recent = std::span(took_s).last(2 * in_a_row);
        const double before = median_of(recent.first(in_a_row)), now = median_of(recent.last(in_a_row));
        if (std::abs(now - before) <= steady * before) return;
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
    const auto begin = std::chrono::steady_clock::now();
    samples.first_call = figure_of(job, 1, time_rounds(team, job, 1), plan.figure);
    const auto rounds = calibrate(team, job, sample_s);
    const auto ceiling_rounds = ceiling != nullptr ? calibrate(team, *ceiling, ceiling_sample_s) : 0;
    warm_up(team, job, rounds, warm_up_part * (plan.samples != 0 ? plan.samples * sample_s : plan.duration_s));
    samples.warm_up_s = seconds_since(begin);
    job.poison();
    if (plan.begin) plan.begin();
    ConditionWatch watch;
    const auto start = std::chrono::steady_clock::now();
    const auto is_enough = [&] {
        const auto taken = samples.figures.size();
        if (plan.samples != 0) return taken >= plan.samples;
        return taken >= (job.most_rounds != 0 ? most_counted_samples : most_samples) ||
               (taken >= fewest_samples && seconds_since(start) >= plan.duration_s);
    };
    while (!is_enough()) {
        throw_if_stopped(stop);
        if (ceiling != nullptr)
            samples.ceilings.push_back(
                figure_of(*ceiling, ceiling_rounds, time_rounds(team, *ceiling, ceiling_rounds), Figure::rate));
        watch.begin_sample();
        const double took_s = time_rounds(team, job, rounds);
        watch.end_sample();
        watch.look(team, plan.beside);
        samples.figures.push_back(figure_of(job, rounds, took_s, plan.figure));
        samples.sampled_s += took_s;
        samples.work += job.work_per_round * static_cast<double>(rounds);
        const double done = plan.samples != 0 ? static_cast<double>(samples.figures.size()) / plan.samples
                                              : seconds_since(start) / plan.duration_s;
        if (plan.progress) plan.progress(std::min(done, 1.0));
    }
    samples.conditions = watch.finish();
    samples.verified = job.has_right_answers() && (ceiling == nullptr || ceiling->has_right_answers());
    return samples;
}

} // namespace kaisar
