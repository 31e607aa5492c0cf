// Every workload knows its right answers, and notices when they are not there.
#include "error/error.h"
#include "files/scratch_file.h"
#include "hardware/processors.h"
#include "workloads/workloads.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

/// Where a file lies on a disk: the build's own folder; empty, once said, where that is in memory.
std::filesystem::path disk_folder() {
    static const auto folder = [] {
        const auto place = std::filesystem::current_path();
        try {
            ScratchFile(place, 4096);
            return place;
        } catch (const Error& error) {
            WARN("skipped: disk workloads: " << error.message());
            return std::filesystem::path();
        }
    }();
    return folder;
}

/// Calls `check_job` for every workload that can run, prepared for one thread and for two where there are as many.
template <class Check>
void for_each_job(Check check_job) {
    const auto processors = detect_processors();
    for (const std::size_t threads : {std::size_t{1}, std::min<std::size_t>(2, processors.order.size())}) {
        for (const auto& workload : workload_table()) {
            if (workload.make == nullptr) continue;
            if (workload.parallel == Parallel::one_thread && threads != 1) continue;
            if (workload.name.starts_with("disk-") && disk_folder().empty()) continue;
            INFO(workload.name << " on " << threads << " threads");
            Team team(std::span(processors.order).first(threads));
            const NetworkLine line{[](std::uint64_t) {}, [](std::uint64_t) {}, [] {}};
            const JobSettings settings{team, detect_cpu_features(), {}, 70, 33, 129, 8192, disk_folder(), &line};
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

TEST_CASE("The file of disk workloads never has a name that could be left behind") {
    if (disk_folder().empty()) return;
    char name[] = "kaisar-scratch-XXXXXX";
    const std::filesystem::path folder = ::mkdtemp(name);
    {
        const ScratchFile file(folder, 1 << 20);
        CHECK(std::filesystem::is_empty(folder));
        alignas(4096) static std::uint8_t block[4096];
        block[17] = 99;
        file.write(8192, block);
        file.sync();
        block[17] = 0;
        file.forget_cache();
        file.read(8192, block);
        CHECK(block[17] == 99);
    }
    CHECK(std::filesystem::is_empty(folder));
    std::filesystem::remove_all(folder);
}

TEST_CASE("A file that the disk has no room for, or that no disk is there for, is refused before anything is written") {
    const auto kind_of = [](const std::filesystem::path& folder, std::uint64_t size_bytes) {
        try {
            ScratchFile(folder, size_bytes);
        } catch (const Error& error) {
            CHECK_FALSE(error.hint().empty());
            return error.kind();
        }
        return ErrorKind::internal;
    };
    CHECK(kind_of("no-such-folder", 4096) == ErrorKind::environment);
    CHECK(kind_of("/dev/shm", 4096) == ErrorKind::environment);
    if (!disk_folder().empty()) CHECK(kind_of(disk_folder(), std::uint64_t{1} << 60) == ErrorKind::environment);
}

TEST_CASE("What a line to the peer could not carry is an error, not a figure") {
    const auto processors = detect_processors();
    Team team(std::span(processors.order).first(1));
    const NetworkLine line{[](std::uint64_t) { throw Error(ErrorKind::network, "it broke", "again"); }, {}, {}};
    const JobSettings settings{team, {}, {}, 0, 0, 0, 0, {}, &line};
    const auto job = make_network_down(settings);
    team.run([&](unsigned thread) { job.run(thread, 3); });
    CHECK_THROWS_AS(job.has_right_answers(), Error);
    CHECK_THROWS_AS(make_network_rtt({team, {}, {}, 0, 0, 0, 0}), Error);
}
