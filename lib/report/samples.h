/// One workload's samples, drawn: in the order in which they came, and how often which value came.
#pragma once

#include "bench/bench.h"

#include <string>

namespace kaisar::report {

/// A card: name, figure, how far to trust it, and the drawing.
std::string draw_samples(const BenchResult& result);

} // namespace kaisar::report
