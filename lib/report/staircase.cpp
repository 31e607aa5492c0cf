#include "report/staircase.h"

#include "bench/latency_levels.h"
#include "bench/quantity.h"
#include "report/markup.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar::report {
namespace {

constexpr double left = 66, right = 12, top = 16, bottom = 44;

std::string draw_axes(const Axis& x, const Axis& y, double width, double height) {
    std::string out;
    constexpr std::uint64_t factor = 16;
    for (std::uint64_t bytes = 4096; static_cast<double>(bytes) <= x.high(); bytes *= factor)
        out += fmt::format(
            "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/><text class=\"tick\" "
            "x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"{5}\">{4}</text>",
            x.at(static_cast<double>(bytes)), top, height - bottom, height - bottom + 18, format_size(bytes),
            x.at(static_cast<double>(bytes)) > width - right - 30 ? "end" : "middle");
    for (double decade = 1e-9; decade <= y.high(); decade *= 10)
        for (const double step : {1.0, 2.0, 5.0}) {
            const double seconds = decade * step;
            if (seconds < y.low() || seconds > y.high()) continue;
            out += fmt::format("<line class=\"grid\" y1=\"{0:.1f}\" y2=\"{0:.1f}\" x1=\"{1}\" x2=\"{2}\"/><text "
                               "class=\"tick\" x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5:.0f} ns</text>",
                               y.at(seconds), left, width - right, left - 8, y.at(seconds) + 4, seconds * 1e9);
        }
    return out +
           fmt::format("<text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"end\">memory walked through →</text>",
                       width - right, height - 6);
}

/// Above the middle of its tread; the last stands at the right end.
std::string draw_level(const LatencyLevel& level, double from_x, double to_x, double y, double width) {
    const bool is_memory = level.bytes == 0;
    const auto text = fmt::format("{} {:.3g} cycles{}", level.name, level.cycles,
                                  is_memory ? "" : ", to " + format_size(level.bytes));
    const auto begin = is_memory ? width - right - 4 : from_x;
    return fmt::format(
        "<path class=\"tread\" d=\"M{:.1f} {:.1f}H{:.1f}\"/><text class=\"level\" x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"{}\">{}</text>",
        from_x, y, to_x, begin, y - 10, is_memory ? "end" : "start", escape(text));
}

} // namespace

std::string draw_staircase(const BenchReport& report, unsigned width, unsigned height) {
    const auto found = std::ranges::find_if(report.results, [](const auto& r) { return r.staircase.size() > 2; });
    if (found == report.results.end()) return {};
    const auto& steps = found->staircase;
    const auto levels = find_latency_levels(steps);
    const auto [fastest, slowest] = std::ranges::minmax_element(steps, {}, &LatencyStep::seconds);
    const Axis x(Axis::Scale::logarithmic, static_cast<double>(steps.front().bytes),
                 static_cast<double>(steps.back().bytes), left + 8, width - right - 8);
    const Axis y(Axis::Scale::logarithmic, fastest->seconds / 1.5, slowest->seconds * 1.9, height - bottom, top);
    std::string line, dots, treads, described;
    for (const auto& step : steps) {
        const auto place = fmt::format("{:.1f} {:.1f}", x.at(static_cast<double>(step.bytes)), y.at(step.seconds));
        line += (line.empty() ? "M" : "L") + place;
        dots += "M" + place + "h0";
    }
    for (const auto& level : levels) {
        const double from = x.at(static_cast<double>(level.from_bytes));
        const double to = level.bytes == 0 ? x.at(x.high()) : x.at(static_cast<double>(level.bytes));
        treads += draw_level(level, from, to, y.at(level.seconds), width);
        described +=
            fmt::format(" {} {}, {:.3g} cycles;", level.name, format_quantity(level.seconds, "s"), level.cycles);
    }
    return fmt::format(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" class=\"staircase memory\"><title>Latency by size</title><desc>"
        "Levels:{}</desc>{}{}<path class=\"line\" d=\"{}\"/><path class=\"dots\" d=\"{}\"/></svg>",
        width, height, escape(described), draw_axes(x, y, width, height), treads, line, dots);
}

} // namespace kaisar::report
