/// The staircase of latencies: how long a dependent access takes, by how much memory it goes through.
#pragma once

#include "bench/bench.h"

#include <string>

namespace kaisar::report {

/// Empty where it was not measured.
std::string draw_staircase(const BenchReport& report, unsigned width, unsigned height);

} // namespace kaisar::report
