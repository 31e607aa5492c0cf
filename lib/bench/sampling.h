/// Taking samples of one job, with its ceiling timed between them.
#pragma once

#include "bench/conditions.h"
#include "workloads/job.h"
#include "workloads/workloads.h"

#include <optional>
#include <stop_token>
#include <vector>

namespace kaisar {

struct SamplingPlan {
    double duration_s;
    unsigned samples; ///< zero: as many as the duration has room for
    Figure figure;
    std::function<void(double fraction)> progress;
    Beside beside = Beside::nothing;  ///< what the clock is counted beside
    std::function<void()> begin = {}; ///< called once warm, before the first sample that counts; may be empty
};

struct Samples {
    std::vector<double> figures;
    std::vector<double> ceilings;
    double first_call;
    double sampled_s;
    double work;      ///< of all samples together, in the workload's unit
    double warm_up_s; ///< rounds that were thrown away
    bool verified;
    Conditions conditions;
};

/// One cold round, rounds doubled until a sample is long enough to be timed, samples thrown away until they no longer
/// become faster or slower (or nearly a third of the duration is gone), outputs poisoned, then samples of job and
/// ceiling in turn with a look at the machine after each, then the answers checked. Throws Error(interrupted) on stop.
Samples take_samples(Team& team, const Job& job, const Job* ceiling, const SamplingPlan& plan,
                     const std::stop_token& stop);

} // namespace kaisar
