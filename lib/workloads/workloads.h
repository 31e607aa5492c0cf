/// Everything that can be measured, one row each, and what of it this version or this machine cannot.
#pragma once

#include "workloads/job.h"

#include <span>
#include <string_view>

namespace kaisar {

enum class Figure {
    rate, ///< work per second
    time, ///< seconds per unit of work
};

enum class Parallel {
    all_threads,
    one_thread,
    queue, ///< four threads, whatever the processors: devices want several requests at a time
};

/// What sets the pace: the cores, so that twice the clock is twice the figure, or what they wait for.
enum class Bound { cores, elsewhere };

struct Workload {
    std::string_view name;
    std::string_view unit; ///< of the figure: op/s, flop/s, B/s, access/s, s
    std::string_view summary;
    Figure figure = Figure::rate;
    Parallel parallel = Parallel::all_threads;
    Bound bound = Bound::elsewhere;
    /// Null where there is nothing to run; `waived` then says why.
    Job (*make)(const JobSettings& settings) = nullptr;
    /// The register-only ceiling that is measured beside it; null where there is none.
    Job (*make_ceiling)(const JobSettings& settings) = nullptr;
    std::string_view waived = {};
    bool is_quick = false; ///< part of what `bench --quick` measures
};

/// In the order in which they are run: cheap and telling first.
std::span<const Workload> workload_table();

/// Error(usage) with the known names when there is no such workload.
const Workload& require_workload(std::string_view name);

} // namespace kaisar
