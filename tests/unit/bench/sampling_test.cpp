#include "bench/sampling.h"
#include "hardware/processors.h"

#include <catch2/catch.hpp>
#include <chrono>

using namespace kaisar;

namespace {

/// A job that takes some time and is right or not, as told.
Job idle_job(bool is_right, unsigned& poisoned) {
    Job job;
    job.work_per_round = 10;
    job.run = [](unsigned, std::uint64_t rounds) {
        for (std::uint64_t i = 0; i < rounds * 1000; ++i)
            __asm__ volatile("" : : "r"(i)); // takes time, cannot be left out
    };
    job.poison = [&poisoned] { ++poisoned; };
    job.has_right_answers = [is_right] { return is_right; };
    return job;
}

SamplingPlan plan_of(unsigned samples, Figure figure = Figure::rate) { return {0.01, samples, figure, {}}; }

} // namespace

TEST_CASE("Samples are taken as many as asked for, after the outputs were poisoned") {
    const auto processors = detect_processors();
    Team team(std::span(processors.order).first(1));
    unsigned poisoned = 0;
    const auto job = idle_job(true, poisoned);
    const auto samples = take_samples(team, job, nullptr, plan_of(3), {});
    CHECK(samples.figures.size() == 3);
    CHECK(samples.ceilings.empty());
    CHECK(samples.verified);
    CHECK(poisoned == 1);
    for (const double figure : samples.figures) CHECK(figure > 0);
}

TEST_CASE("A ceiling is timed once for each sample") {
    const auto processors = detect_processors();
    Team team(std::span(processors.order).first(1));
    unsigned poisoned = 0;
    const auto job = idle_job(true, poisoned), ceiling = idle_job(true, poisoned);
    CHECK(take_samples(team, job, &ceiling, plan_of(4), {}).ceilings.size() == 4);
}

TEST_CASE("Wrong answers of the job or of its ceiling are reported") {
    const auto processors = detect_processors();
    Team team(std::span(processors.order).first(1));
    unsigned poisoned = 0;
    const auto right = idle_job(true, poisoned), wrong = idle_job(false, poisoned);
    CHECK_FALSE(take_samples(team, wrong, nullptr, plan_of(1), {}).verified);
    CHECK_FALSE(take_samples(team, right, &wrong, plan_of(1), {}).verified);
}

TEST_CASE("A figure that is a time is the inverse of the rate") {
    const auto processors = detect_processors();
    Team team(std::span(processors.order).first(1));
    unsigned poisoned = 0;
    const auto job = idle_job(true, poisoned);
    const double rate = take_samples(team, job, nullptr, plan_of(7), {}).figures.front();
    const double time = take_samples(team, job, nullptr, plan_of(7, Figure::time), {}).figures.front();
    CHECK(rate * time == Approx(1).epsilon(0.9));
}

TEST_CASE("A request to stop ends the sampling") {
    const auto processors = detect_processors();
    Team team(std::span(processors.order).first(1));
    unsigned poisoned = 0;
    std::stop_source source;
    source.request_stop();
    try {
        take_samples(team, idle_job(true, poisoned), nullptr, plan_of(3), source.get_token());
        FAIL("it went on");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::interrupted);
    }
}
