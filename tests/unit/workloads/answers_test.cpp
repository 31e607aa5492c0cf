// Every workload knows its right answers, and notices when they are not there.
#include "error/error.h"
#include "hardware/processors.h"
#include "workloads/workloads.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

/// Calls `check_job` for every workload that can run, prepared for one thread and for two where there are as many.
template <class Check>
void for_each_job(Check check_job) {
    const auto processors = detect_processors();
    for (const std::size_t threads : {std::size_t{1}, std::min<std::size_t>(2, processors.order.size())}) {
        for (const auto& workload : workload_table()) {
            if (workload.make == nullptr) continue;
            if (workload.parallel == Parallel::one_thread && threads != 1) continue;
            INFO(workload.name << " on " << threads << " threads");
            Team team(std::span(processors.order).first(threads));
            const JobSettings settings{team, detect_cpu_features(), {}, 70, 33, 129, 8192};
            check_job(workload, workload.make(settings), team);
        }
    }
}

void run(Team& team, const Job& job, std::uint64_t rounds) {
    team.run([&](unsigned thread) { job.run(thread, rounds); });
}

} // namespace

TEST_CASE("Every workload gives right answers, after one round and after several") {
    for_each_job([](const Workload&, const Job& job, Team& team) {
        CHECK(job.work_per_round > 0);
        CHECK_FALSE(job.variant.empty());
        run(team, job, 1);
        CHECK(job.has_right_answers());
        job.poison();
        run(team, job, 3);
        CHECK(job.has_right_answers());
    });
}

TEST_CASE("Every workload notices outputs that nothing has written") {
    for_each_job([](const Workload& workload, const Job& job, Team& team) {
        if (workload.name == "memory-latency")
            return; // each step depends on the one before: there is no output to poison
        run(team, job, 1);
        job.poison();
        CHECK_FALSE(job.has_right_answers());
    });
}

TEST_CASE("Products count 2mnk operations and memory counts its bytes as STREAM does") {
    for_each_job([](const Workload& workload, const Job& job, Team&) {
        if (workload.name.starts_with("gemm-")) CHECK(job.work_per_round == 2.0 * 70 * 33 * 129);
        if (workload.name == "memory-copy") CHECK(job.work_per_round == 2 * 8192);
        if (workload.name == "memory-triad") CHECK(job.work_per_round == 3 * 8192);
    });
}

TEST_CASE("A team calls every thread once, each with its own number") {
    const auto processors = detect_processors();
    REQUIRE_FALSE(processors.order.empty());
    CHECK(processors.cores >= 1);
    CHECK(processors.cores <= processors.order.size());
    Team team(processors.order);
    std::vector<std::atomic<int>> calls(team.size());
    for (int round = 1; round <= 100; ++round) {
        CHECK(team.run([&](unsigned thread) { ++calls[thread]; }) >= 0);
        for (const auto& count : calls) REQUIRE(count == round);
    }
}

TEST_CASE("Every row of the table runs or says why it cannot") {
    for (const auto& workload : workload_table()) {
        INFO(workload.name);
        CHECK((workload.make == nullptr) == !workload.waived.empty());
    }
}

TEST_CASE("An unknown workload is refused with the names of those that exist") {
    try {
        require_workload("gemm-s9");
        FAIL("it was accepted");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::usage);
        CHECK(error.hint().find("gemm-s8") != std::string::npos);
    }
}
