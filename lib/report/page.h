/// The bench report as one HTML page that needs nothing else: no script, no font, no picture from anywhere.
///
/// The page forbids itself every request (Content-Security-Policy), and every text that did not come from this program
/// is escaped.
#pragma once

#include "bench/bench.h"

#include <string>

namespace kaisar {

/// What the page says of its own making.
struct PageOrigin {
    std::string program;     ///< name and version
    std::string measured_at; ///< RFC 3339
};

std::string bench_report_to_html(const BenchReport& report, const PageOrigin& origin);

} // namespace kaisar
