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
        if (workload.name != "memory-read" && !workload.name.starts_with("peak-")) CHECK_FALSE(job.has_right_answers());
        job.run(0, 1);
        CHECK(job.has_right_answers());
    }
    CHECK(made == 19); // every row of the GPU's table is a workload
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

TEST_CASE("A kernel that no proof uses answers a known case before it is measured, and is named when it is wrong") {
    for (const auto& [workload, kernel] : {std::pair{"gemm-f32", "gemm_f32"},
                                           {"gemm-bf16", "gemm_bf16"},
                                           {"peak-f32", "peak_fma"},
                                           {"peak-f64", "peak_fma"},
                                           {"peak-bf16", "peak_bf16"},
                                           {"memory-latency", "chase"},
                                           {"render", "ray_trace"}}) {
        INFO(workload);
        HostDevice device;
        device.faulty_kernel = kernel;
        CHECK_THROWS_WITH(find_device_workload(workload)(small(device)), Catch::Matchers::Contains("a known case of"));
    }
}

TEST_CASE("The same kernels' later answers are looked at too") {
    for (const auto& [workload, kernel, known_cases] : {std::tuple{"gemm-f32", "gemm_f32", 2},
                                                        {"gemm-bf16", "gemm_bf16", 3},
                                                        {"peak-f32", "peak_fma", 2},
                                                        {"peak-bf16", "peak_bf16", 2},
                                                        {"memory-latency", "chase", 1}}) {
        INFO(workload);
        HostDevice device;
        device.faulty_kernel = kernel;
        device.faulty_from = known_cases;
        device.faulty_byte = 3; // of a float the exponent
        const auto job = find_device_workload(workload)(small(device));
        job.run(0, 1);
        CHECK_FALSE(job.has_right_answers());
    }
}

TEST_CASE("A GPU without an instruction for bfloat16 says so, and measures the rest") {
    HostDevice device;
    device.bf16_variants.clear();
    for (const char* workload : {"gemm-bf16", "peak-bf16"})
        CHECK_THROWS_WITH(find_device_workload(workload)(small(device)), Catch::Matchers::Contains("bfloat16"));
    CHECK_NOTHROW(find_device_workload("gemm-f32")(small(device)));
}

TEST_CASE("The latency's staircase on a GPU has a step for every size, and the ring still leads where it should") {
    HostDevice device;
    const auto job = find_device_workload("memory-latency")(small(device));
    const auto steps = job.survey();
    REQUIRE(steps.size() == 9);                                                   // 4 KiB to 64 KiB
    for (const auto& step : steps) CHECK((step.seconds > 0 && step.cycles == 1)); // the double's clock
    CHECK(steps.back().bytes == 1 << 16);
    job.run(0, 2);
    CHECK(job.has_right_answers());
}

TEST_CASE(
    "Where the fastest product of bfloat16 is wrong or cannot run the next one is measured, and the note says why") {
    for (const bool cannot_run : {false, true}) {
        HostDevice device;
        device.bf16_variants = {"fast", "double"};
        if (cannot_run)
            device.on_kernel = [](const std::string& kernel, int) {
                if (kernel == "gemm_bf16 fast") throw Error(ErrorKind::environment, "the driver is too old");
            };
        else
            device.faulty_kernel = "gemm_bf16 fast";
        const auto job = find_device_workload("gemm-bf16")(small(device));
        CHECK(job.variant == "double");
        CHECK(job.note.starts_with("fast: "));
        job.run(0, 1);
        CHECK(job.has_right_answers());
    }
}
