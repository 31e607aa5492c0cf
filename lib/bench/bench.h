/// Measuring: what to run, how long, and what came out.
#pragma once

#include "bench/conditions.h"
#include "bench/statistics.h"
#include "devices/gpu_watch.h"
#include "hardware/cpu_features.h"
#include "hardware/inventory.h"
#include "workloads/job.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kaisar {

/// Whether workloads that draw shall do so, after their samples.
enum class Pictures { none, drawn };

/// quick: the few workloads that say most, in two seconds, with smaller arrays.
enum class Effort { whole, quick };

struct BenchRequest {
    std::vector<std::string> workloads; ///< empty: all
    std::string device = "cpu";         ///< cpu, cuda:N or all
    std::string variant;                ///< empty: the best
    unsigned threads = 0;               ///< zero: one on every core
    std::size_t m = 0, n = 0, k = 0;    ///< of products; zero: the workload's choice
    std::size_t size_bytes = 0;         ///< of each array, elsewhere
    double duration_s = 0.5;            ///< of each workload, set-up not counted
    unsigned samples = 0;               ///< zero: as many as the duration has room for
    double stable_bound = 0.05;         ///< what BenchResult::stable is judged by
    Pictures pictures = Pictures::none;
    Effort effort = Effort::whole;
    std::filesystem::path scratch_folder; ///< for the file of disk workloads; empty: they are waived
    /// The line to the peer, opened when the first network workload runs; empty: they are waived.
    std::function<NetworkLine()> open_line;
};

struct BenchResult {
    std::string workload;
    std::string device = "cpu";
    std::string unit;
    /// Why nothing was measured; the fields below it mean nothing then.
    std::optional<std::string> waived;

    std::string variant;
    unsigned threads = 0;
    std::size_t m = 0, n = 0, k = 0;
    std::uint64_t bytes = 0;
    Statistics statistics;
    unsigned samples = 0;
    double duration_s = 0; ///< of the samples together
    double first_call = 0; ///< the figure of the very first round, cold
    std::string timed_by;  ///< thread-cpu or wall
    std::optional<double> peak;
    std::string peak_kind;
    bool verified = false;
    bool stable = false;
    std::string unstable_reason; ///< empty when stable
    double warm_up_s = 0;
    Conditions conditions;
    std::optional<GpuConditions> gpu; ///< of a GPU's samples
    /// What else has to be known about the figure: a faster kernel that was passed over, and why; usually empty.
    std::string note;
    std::optional<double> joules_per_op; ///< of all processor packages, for a unit of work
    /// Of all threads, in a cycle of the slowest: what does not depend on the clock. Only where the cores set the pace.
    std::optional<double> per_cycle;
    std::vector<double> figures; ///< the samples themselves, in the order in which they were taken
    std::optional<Picture> picture;
    std::vector<LatencyStep> staircase; ///< of memory-latency

    std::optional<double> fraction_of_peak() const;
};

struct BenchReport {
    Inventory machine;
    std::vector<BenchResult> results;
};

/// Why a figure should not be trusted: spread, drift or throttling; empty when it may be.
std::string find_objection(const BenchResult& result, double bound);

/// Told while a benchmark runs; either may be empty.
struct BenchObserver {
    /// `fraction` is of all workloads together.
    std::function<void(std::string_view workload, double fraction)> progress;
    std::function<void(const BenchResult& result)> finished;
};

/// Throws Error(usage) for what does not exist, Error(environment) for what this machine cannot do though it was asked
/// for by name, Error(interrupted) on stop.
BenchReport run_bench(const BenchRequest& request, CpuFeatures features, const std::stop_token& stop,
                      const BenchObserver& observer = {});

/// One workload that can run here, with the best variant on every core: for those who need a single figure.
BenchResult measure_workload(std::string_view workload, double duration_s, CpuFeatures features,
                             const std::stop_token& stop);

/// A row of `kaisar bench --list`.
struct WorkloadDescription {
    std::string name, unit, summary;
    std::optional<std::string> waived;
};
std::vector<WorkloadDescription> describe_workloads();

} // namespace kaisar
