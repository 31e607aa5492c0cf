/// Bars: each kernel against what bounds it.
#pragma once

#include "bench/bench.h"

#include <string>

namespace kaisar::report {

/// Kernels against the register-only ceiling of their own instruction set; empty where none has one.
std::string draw_ceiling_bars(const BenchReport& report);

/// Ways through memory against the fastest of them; empty where none was measured.
std::string draw_memory_bars(const BenchReport& report);

} // namespace kaisar::report
