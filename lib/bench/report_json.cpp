#include "bench/report_json.h"

#include "bench/latency_levels.h"
#include "json/document.h"

namespace kaisar {
namespace {

constexpr std::string_view schema = "kaisar.bench/1";

Json machine_to_json(const Inventory& machine) {
    Json gpus = Json::array();
    for (const auto& gpu : machine.gpus) gpus.push_back(gpu.name);
    return {{"cpu", machine.cpu.model},
            {"architecture", machine.cpu.architecture},
            {"features", machine.cpu.features},
            {"sockets", machine.cpu.sockets},
            {"cores", machine.cpu.cores},
            {"threads", machine.cpu.threads},
            {"usable_threads", machine.cpu.usable_threads},
            {"memory_bytes", machine.memory.total_bytes},
            {"gpus", gpus},
            {"kernel", machine.system.kernel},
            {"distribution", machine.system.distribution},
            {"hypervisor", machine.system.hypervisor}};
}

Json size_or_null(std::uint64_t size) { return size == 0 ? Json(nullptr) : Json(size); }

Json number_or_null(const std::optional<double>& number) { return number ? Json(*number) : Json(nullptr); }

Json conditions_to_json(const BenchResult& r) {
    const auto& c = r.conditions;
    return {{"clock_hz", number_or_null(c.clock_hz)},
            {"lowest_clock_hz", number_or_null(c.lowest_clock_hz)},
            {"temperature_c", number_or_null(c.hottest_c)},
            {"throttle_events", c.throttle_events ? Json(*c.throttle_events) : Json(nullptr)},
            {"stolen", number_or_null(c.stolen)},
            {"energy_j", number_or_null(c.energy_j)},
            {"waived", c.waived}};
}

Json gpu_to_json(const std::optional<GpuConditions>& gpu) {
    if (!gpu) return nullptr;
    const auto or_null = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
    return {
        {"throttle_reasons", gpu->throttle_reasons},
        {"temperature_c", or_null(gpu->hottest_c)},
        {"lowest_clock_hz", gpu->lowest_clock_mhz ? Json(1e6 * *gpu->lowest_clock_mhz) : Json(nullptr)},
        {"power_w", gpu->highest_power_mw ? Json(1e-3 * static_cast<double>(*gpu->highest_power_mw)) : Json(nullptr)}};
}

Json staircase_to_json(const std::vector<LatencyStep>& staircase) {
    if (staircase.empty()) return nullptr;
    Json steps = Json::array(), levels = Json::array();
    for (const auto& step : staircase)
        steps.push_back({{"bytes", step.bytes}, {"latency_s", step.seconds}, {"cycles", step.cycles}});
    for (const auto& level : find_latency_levels(staircase))
        levels.push_back({{"name", level.name},
                          {"bytes", size_or_null(level.bytes)},
                          {"latency_s", level.seconds},
                          {"cycles", level.cycles}});
    return {{"steps", steps}, {"levels", levels}};
}

/// How the figures were made, for those who read only this.
Json method_to_json() {
    return {{"median", "of samples of 20 ms or more, warm"},
            {"spread", "median absolute deviation, unscaled"},
            {"interval", "95 %, order statistics of the binomial distribution (sign test)"},
            {"drift", "median of the last third less that of the first, relative; drift_p by Mann and Kendall"},
            {"stable", "spread and drift within the bound, and no throttling"}};
}

/// All fields are always there; what was not measured is null.
Json result_to_json(const BenchResult& r) {
    const bool ran = !r.waived;
    const auto number = [&](double value) { return ran ? Json(value) : Json(nullptr); };
    const auto& s = r.statistics;
    return {{"workload", r.workload},
            {"device", r.device},
            {"variant", ran ? Json(r.variant) : Json(nullptr)},
            {"threads", ran ? Json(r.threads) : Json(nullptr)},
            {"m", size_or_null(r.m)},
            {"n", size_or_null(r.n)},
            {"k", size_or_null(r.k)},
            {"bytes", size_or_null(r.bytes)},
            {"unit", r.unit},
            {"median", number(s.median)},
            {"min", number(s.min)},
            {"max", number(s.max)},
            {"mad", number(s.mad)},
            {"ci_low", number(s.ci_low)},
            {"ci_high", number(s.ci_high)},
            {"drift", number(s.drift)},
            {"drift_p", number(s.drift_p)},
            {"first_call", number(r.first_call)},
            {"samples", ran ? Json(r.samples) : Json(nullptr)},
            {"duration_s", number(r.duration_s)},
            {"timed_by", ran ? Json(r.timed_by) : Json(nullptr)},
            {"peak", number_or_null(r.peak)},
            {"peak_kind", r.peak ? Json(r.peak_kind) : Json(nullptr)},
            {"fraction_of_peak", number_or_null(r.fraction_of_peak())},
            {"verified", ran && r.verified},
            {"stable", ran && r.stable},
            {"waived", !ran},
            {"reason", ran ? Json(nullptr) : Json(*r.waived)},
            {"unstable_reason", ran && !r.stable ? Json(r.unstable_reason) : Json(nullptr)},
            {"warm_up_s", number(r.warm_up_s)},
            {"joules_per_op", number_or_null(r.joules_per_op)},
            {"per_cycle", number_or_null(r.per_cycle)},
            {"staircase", staircase_to_json(r.staircase)},
            {"note", r.note.empty() ? Json(nullptr) : Json(r.note)},
            {"gpu", gpu_to_json(r.gpu)},
            {"conditions", ran ? conditions_to_json(r) : Json(nullptr)}};
}

} // namespace

std::string bench_report_to_json(const BenchReport& report) {
    Json results = Json::array();
    for (const auto& result : report.results) results.push_back(result_to_json(result));
    return to_line({{"schema", schema},
                    {"machine", machine_to_json(report.machine)},
                    {"results", results},
                    {"method", method_to_json()}});
}

std::string workloads_to_json(const std::vector<WorkloadDescription>& workloads) {
    Json rows = Json::array();
    for (const auto& workload : workloads)
        rows.push_back({{"workload", workload.name},
                        {"unit", workload.unit},
                        {"summary", workload.summary},
                        {"waived", workload.waived.has_value()},
                        {"reason", workload.waived ? Json(*workload.waived) : Json(nullptr)}});
    return to_line({{"schema", schema}, {"workloads", rows}});
}

} // namespace kaisar
