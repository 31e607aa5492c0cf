// The GPU workloads on a test double of a GPU: their checks, which have to see every kind of wrong answer.
#include "devices/device_jobs.h"
#include "doubles/host_device.h"
#include "workloads/workloads.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using kaisar::tests::HostDevice;

namespace {

DeviceJobSettings small(HostDevice& device) {
    return {.device = device, .features = detect_cpu_features(), .m = 128, .n = 256, .k = 64, .size_bytes = 1 << 16};
}

} // namespace

TEST_CASE("every GPU workload finds right answers right, after any number of rounds, and poisoned ones wrong") {
    int made = 0;
    for (const auto& workload : workload_table()) {
        const auto make = find_device_workload(workload.name);
        if (make == nullptr) continue;
        ++made;
        INFO(workload.name);
        HostDevice device;
        const auto job = make(small(device));
        CHECK(job.work_per_round > 0);
        for (std::uint64_t rounds : {1u, 3u}) {
            job.run(0, rounds);
            CHECK(job.has_right_answers());
        }
        job.poison();
        if (workload.name != "memory-read" && workload.name != "peak-s8") CHECK_FALSE(job.has_right_answers());
        job.run(0, 1);
        CHECK(job.has_right_answers());
    }
    CHECK(made == 11); // every row of the GPU's table is a workload
}

TEST_CASE("a GPU workload sees a kernel that answers wrongly") {
    for (const auto& [workload, kernel] : {std::pair{"peak-s8", "peak"},
                                           {"gemm-s8", "gemm_s8"},
                                           {"sha256", "sha256"},
                                           {"memory-read", "memory"},
                                           {"memory-write", "memory"},
                                           {"memory-copy", "memory"},
                                           {"memory-triad", "memory"},
                                           {"memory-random", "walk"}}) {
        INFO(workload);
        HostDevice device;
        const auto job = find_device_workload(workload)(small(device));
        device.faulty_kernel = kernel;
        device.faulty_from = kernel == std::string("memory") ? 1 : 0; // the first clears a sum
        job.run(0, 1);
        CHECK_FALSE(job.has_right_answers());
    }
}

TEST_CASE("a product that no GPU kernel computes is refused with the rule") {
    HostDevice device;
    auto settings = small(device);
    settings.n = 100;
    CHECK_THROWS_WITH(find_device_workload("gemm-s8")(settings), Catch::Matchers::Contains("128 x 100 x 64"));
}
