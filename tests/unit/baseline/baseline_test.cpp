#include "baseline/comparison.h"

#include "bench/report_json.h"
#include "error/error.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

const auto measured_at = Instant{std::chrono::seconds{1'700'000'000}};

Ed25519Key key_of(std::uint8_t number) { return Ed25519Key::from_seed(Bytes(32, number)); }

BenchResult result_of(std::string workload, std::string unit, double median) {
    BenchResult r;
    r.workload = std::move(workload);
    r.unit = std::move(unit);
    r.variant = "avx2";
    r.threads = 2;
    r.statistics = {.median = median,
                    .min = median,
                    .max = median,
                    .mad = median / 100,
                    .ci_low = median * 0.99,
                    .ci_high = median * 1.01};
    return r;
}

BenchReport report_of() {
    BenchReport report;
    report.machine.cpu.model = "Some Processor";
    report.machine.gpus = {{.index = 0, .name = "A GPU", .pcie_lanes = 16}};
    report.results = {result_of("gemm-s8", "op/s", 1e12), result_of("memory-latency", "s", 1e-7),
                      result_of("sha256", "B/s", 1e9)};
    BenchResult waived;
    waived.workload = "render";
    waived.unit = "ray/s";
    waived.waived = "no scene";
    report.results.push_back(waived);
    return report;
}

std::string baseline_text() {
    const auto report = report_of();
    return encode_baseline(report.machine, bench_report_to_json(report), measured_at, key_of(1));
}

Comparison compare(const BenchReport& now, const std::vector<std::string>& asked = {}) {
    const auto baseline = decode_baseline(baseline_text(), "baseline.json", std::nullopt);
    return compare_with_baseline(baseline, decode_figures(bench_report_to_json(now), "now"), now.machine, asked);
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    return text.replace(text.find(what), what.size(), by);
}

} // namespace

TEST_CASE("A baseline is read as it was written, without waived rows") {
    const auto key = key_of(1);
    const auto baseline = decode_baseline(baseline_text(), "baseline.json", key.public_key());
    CHECK(baseline.measured_at == measured_at);
    CHECK(baseline.public_key == key.public_key());
    CHECK(baseline.machine.gpus.front().pcie_lanes == 16);
    REQUIRE(baseline.figures.size() == 3);
    CHECK(baseline.figures.front().median == 1e12);
    CHECK(baseline.figures.front().threads == 2);
}

TEST_CASE("A baseline that somebody improved, or that another key signed, is refused") {
    const auto refusal = [](const std::string& text, const std::optional<Bytes32>& expected) {
        try {
            decode_baseline(text, "baseline.json", expected);
        } catch (const Error& error) {
            return error.kind();
        }
        return ErrorKind::internal;
    };
    CHECK(refusal(replaced(baseline_text(), "Some Processor", "Fast Processor"), {}) == ErrorKind::refused);
    CHECK(refusal(baseline_text(), key_of(2).public_key()) == ErrorKind::refused);
    CHECK(refusal("{}", {}) == ErrorKind::environment);
    CHECK(refusal(replaced(baseline_text(), "\"kind\":\"baseline\"", "\"kind\":\"certificate\""), {}) ==
          ErrorKind::refused);
}

TEST_CASE("Only what changed by more than the noise counts, and a longer time is worse") {
    auto now = report_of();
    now.results[0] = result_of("gemm-s8", "op/s", 0.9e12);
    now.results[1] = result_of("memory-latency", "s", 1.2e-7);
    now.results[2] = result_of("sha256", "B/s", 1.015e9);
    const auto worse = compare(now);
    REQUIRE(worse.figures.size() == 3);
    CHECK(worse.figures[0].kind == ChangeKind::worse);
    CHECK(worse.figures[0].change == Approx(-0.1));
    CHECK(worse.figures[0].noise == Approx(0.02));
    CHECK(worse.figures[1].kind == ChangeKind::worse);
    CHECK(worse.figures[2].kind == ChangeKind::same);
    now.results[0] = result_of("gemm-s8", "op/s", 1.1e12);
    now.results[1] = result_of("memory-latency", "s", 0.8e-7);
    const auto better = compare(now);
    CHECK(better.figures[0].kind == ChangeKind::better);
    CHECK(better.figures[1].kind == ChangeKind::better);
}

TEST_CASE("A noisy machine has to change more before anybody says so") {
    auto now = report_of();
    now.results[0] = result_of("gemm-s8", "op/s", 0.9e12);
    now.results[0].statistics.mad = 0.1e12;
    CHECK(compare(now).figures[0].kind == ChangeKind::same);
    now.results[0].statistics.mad = 0;
    now.results[0].statistics.ci_high = 0.995e12; // the intervals overlap
    CHECK(compare(now).figures[0].kind == ChangeKind::same);
}

TEST_CASE("What cannot be measured any more is lost; what was not asked for is not") {
    auto now = report_of();
    now.results[2].waived = "it broke";
    CHECK(compare(now).figures[2].kind == ChangeKind::lost);
    CHECK(compare(now, {"gemm-s8"}).figures.size() == 1);
}

TEST_CASE("Other sizes are no comparison") {
    auto now = report_of();
    now.results[0].n = 64;
    CHECK(compare(now).figures[0].kind == ChangeKind::other);
}

TEST_CASE("What changed on the machine is named") {
    auto now = report_of();
    now.machine.gpus.front().pcie_lanes = 8;
    const auto comparison = compare(now);
    REQUIRE(comparison.machine.size() == 1);
    CHECK(comparison.machine.front().what == "gpus[0].pcie_lanes");
    const auto json = add_comparison_to_json(bench_report_to_json(now), comparison);
    CHECK(json.find("\"what\":\"gpus[0].pcie_lanes\",\"before\":\"16\",\"after\":\"8\"") != std::string::npos);
}
