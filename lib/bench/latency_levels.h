/// The levels of a memory hierarchy, found by measuring: where the staircase of latencies is flat, and where it rises.
#pragma once

#include "workloads/job.h"

#include <string>
#include <vector>

namespace kaisar {

struct LatencyLevel {
    std::string name;             ///< L1, L2, L3 …, memory
    std::uint64_t from_bytes = 0; ///< where its tread begins
    /// The largest part of memory that still answers as fast; zero for main memory.
    std::uint64_t bytes = 0;
    double seconds = 0, cycles = 0;
};

/// Fastest first. A level is a tread of the staircase: at least three steps in a row that rise by less than 15 %
/// each. The last cache ends where the latency passes the geometric mean of its own and that of main memory, since
/// what is behind it rises slowly.
std::vector<LatencyLevel> find_latency_levels(const std::vector<LatencyStep>& staircase);

} // namespace kaisar
