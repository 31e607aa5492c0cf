/// The roofline of this machine: what its arithmetic and its memory allow, and where each kernel stands below it
/// (Williams, Waterman, Patterson, "Roofline", CACM 52/4, 2009).
#pragma once

#include "bench/bench.h"

#include <optional>
#include <string>
#include <vector>

namespace kaisar::report {

struct Roof {
    std::string label;
    std::string_view hue;
    double rate; ///< op/s of arithmetic, B/s of memory
};

struct RooflinePoint {
    std::string label;
    std::string_view hue;
    double intensity; ///< operations for each byte of operands
    double rate;      ///< op/s
    std::optional<double> fraction_of_peak;
};

struct Roofline {
    std::vector<Roof> arithmetic; ///< highest first
    std::vector<Roof> memory;     ///< highest first
    std::vector<RooflinePoint> points;
};

/// Operations that one byte of the workload's operands takes part in; nothing where it only moves data, or where they
/// cannot be counted.
std::optional<double> find_intensity(const BenchResult& result);

/// From what was measured: peaks and ceilings, bandwidths, and a point for every kernel whose operations can be
/// counted.
Roofline make_roofline(const BenchReport& report);

/// The drawing, `width` units wide; empty where nothing that it needs was measured.
std::string draw_roofline(const Roofline& roofline, unsigned width, unsigned height);

} // namespace kaisar::report
