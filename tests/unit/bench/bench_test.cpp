#include "bench/bench.h"
#include "bench/report_json.h"
#include "error/error.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

BenchRequest request_of(std::vector<std::string> workloads) {
    BenchRequest request;
    request.workloads = std::move(workloads);
    request.samples = 2;
    request.threads = 1;
    request.m = request.n = request.k = 65;
    request.size_bytes = 4096;
    request.scratch_folder = std::filesystem::current_path();
    request.open_line = [] { return NetworkLine{[](std::uint64_t) {}, [](std::uint64_t) {}, [] {}}; };
    return request;
}

ErrorKind kind_of_failure(const BenchRequest& request) {
    try {
        run_bench(request, detect_cpu_features(), {});
    } catch (const Error& error) {
        CHECK_FALSE(error.hint().empty());
        return error.kind();
    }
    FAIL("it did not fail");
    return ErrorKind::internal;
}

} // namespace

TEST_CASE("What does not exist is a mistake in the command line") {
    CHECK(kind_of_failure(request_of({"gemm-s7"})) == ErrorKind::usage);
    auto request = request_of({"gemm-s8"});
    request.device = "tpu";
    CHECK(kind_of_failure(request) == ErrorKind::usage);
    request = request_of({"gemm-s8"});
    request.variant = "avx1024";
    CHECK(kind_of_failure(request) == ErrorKind::usage);
    request = request_of({"gemm-s8"});
    request.threads = 100000;
    CHECK(kind_of_failure(request) == ErrorKind::usage);
    request = request_of({"gemm-s8"});
    request.m = request.k = std::size_t{1} << 32; // their product is zero in 64 bits
    CHECK(kind_of_failure(request) == ErrorKind::usage);
    request = request_of({"memory-triad"});
    request.size_bytes = 6148914691236517206; // three times that is two
    CHECK(kind_of_failure(request) == ErrorKind::usage);
}

TEST_CASE("What exists and cannot be done here is the environment's fault") {
    auto request = request_of({"gemm-s8"});
    request.device = "cuda:7";
    CHECK(kind_of_failure(request) == ErrorKind::environment);
    request = request_of({"memory-triad"});
    request.size_bytes = std::size_t{1} << 47;
    CHECK(kind_of_failure(request) == ErrorKind::environment);
    request = request_of({"gemm-s8"});
    request.variant = "avx2";
    try {
        run_bench(request, CpuFeatures{}, {}); // a processor with nothing but the baseline
        FAIL("it did not fail");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::environment);
    }
}

TEST_CASE("Every workload is measured, or waived with a reason, never left out") {
    auto request = request_of({});
    request.device = "all";
    std::vector<std::string> told;
    BenchObserver observer;
    observer.finished = [&](const BenchResult& result) { told.push_back(result.workload); };
    const auto report = run_bench(request, detect_cpu_features(), {}, observer);
    CHECK(told.size() == report.results.size());
    for (const auto& workload : describe_workloads()) {
        INFO(workload.name);
        const auto result = std::find_if(report.results.begin(), report.results.end(), [&](const auto& r) {
            return r.workload == workload.name && r.device == "cpu";
        });
        REQUIRE(result != report.results.end());
        if (workload.waived) {
            CHECK(result->waived == workload.waived);
            continue;
        }
        if (result->waived && workload.name.starts_with("disk-")) {
            WARN("skipped: " << workload.name << ": " << *result->waived);
            continue;
        }
        REQUIRE_FALSE(result->waived);
        CHECK(result->verified);
        CHECK(result->statistics.median > 0);
        CHECK(result->samples == 2);
    }
    const auto on_gpu = [](const auto& r) { return r.device.starts_with("cuda:"); };
    CHECK(std::any_of(report.results.begin(), report.results.end(), on_gpu));
}

TEST_CASE("A variant that some workloads do not have waives those that were not asked for by name") {
    auto request = request_of({});
    request.variant = "reference";
    const auto report = run_bench(request, detect_cpu_features(), {});
    for (const auto& result : report.results)
        if (!result.waived) CHECK(result.variant == "reference");
}

TEST_CASE("Plain code is compared with what the machine can do, a variant with its own ceiling") {
    const auto features = detect_cpu_features();
    auto request = request_of({"gemm-s8"});
    request.variant = "reference";
    const auto plain = run_bench(request, features, {}).results.front();
    REQUIRE(plain.fraction_of_peak());
    CHECK(plain.peak_kind != "register-only reference");
    if (!features.includes(CpuFeature::avx2)) {
        WARN("skipped: this processor cannot execute avx2");
        return;
    }
    request.variant = "avx2";
    CHECK(run_bench(request, features, {}).results.front().peak_kind == "register-only avx2");
}

TEST_CASE("The report is one line of JSON with every field of the schema") {
    const auto report = run_bench(request_of({"gemm-s8", "pcie-h2d"}), detect_cpu_features(), {});
    const auto text = bench_report_to_json(report);
    CHECK(text.find('\n') == std::string::npos);
    for (const auto* field :
         {"schema",   "machine", "results", "workload",   "device",        "variant",   "threads",
          "m",        "n",       "k",       "bytes",      "unit",          "median",    "min",
          "max",      "mad",     "samples", "duration_s", "peak",          "peak_kind", "fraction_of_peak",
          "verified", "stable",  "waived",  "reason",     "joules_per_op", "per_cycle", "note",
          "gpu"})
        CHECK(text.find('"' + std::string(field) + "\":") != std::string::npos);
    CHECK(text.find("\"workload\":\"pcie-h2d\"") != std::string::npos);
    CHECK(text.find("\"waived\":true") != std::string::npos);
}

TEST_CASE("Work a cycle is said of what the cores set the pace of, not of memory") {
    auto request = request_of({"sha256", "memory-read"});
    request.size_bytes = 1 << 20;
    const auto report = run_bench(request, detect_cpu_features(), {});
    const auto& hashed = report.results.front();
    REQUIRE(hashed.per_cycle);
    REQUIRE(hashed.conditions.clock_hz);
    CHECK(*hashed.per_cycle > 0);
    CHECK(hashed.conditions.clocks_hz.size() == hashed.figures.size());
    CHECK_FALSE(report.results.back().per_cycle);
}

TEST_CASE("Spread, drift in either direction and throttling each make a figure unstable") {
    BenchResult result;
    CHECK(find_objection(result, 0.05) == "nothing was measured");
    result.statistics.median = 100;
    result.statistics.mad = 5;
    CHECK(find_objection(result, 0.05).empty());
    result.statistics.mad = 6;
    CHECK(find_objection(result, 0.05) == "spread 6.0 %");
    CHECK(find_objection(result, 0.07).empty());
    result.statistics.mad = 0;
    result.statistics.drift = -0.067;
    CHECK(find_objection(result, 0.05) == "drift -6.7 %");
    result.statistics.drift = 0.067;
    CHECK(find_objection(result, 0.05) == "drift +6.7 %");
    result.statistics.drift = 0;
    result.conditions.throttle_events = 2;
    CHECK(find_objection(result, 0.05) == "throttled 2 times");
    result.conditions.throttle_events = 0;
    result.gpu.emplace();
    CHECK(find_objection(result, 0.05).empty());
    result.gpu->throttle_reasons = {"sw-power-cap", "hw-thermal"};
    CHECK(find_objection(result, 0.05) == "throttled: sw-power-cap, hw-thermal");
}
