#include "report/bars.h"

#include "bench/quantity.h"
#include "report/markup.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar::report {
namespace {

struct Bar {
    const BenchResult* result;
    double of; ///< what the full length stands for
};

std::string draw_bar(const Bar& bar) {
    const auto& r = *bar.result;
    const double part = r.statistics.median / bar.of, low = r.statistics.ci_low / bar.of,
                 high = r.statistics.ci_high / bar.of;
    const auto percent = [](double value) { return 100 * std::clamp(value, 0.0, 1.0); };
    return fmt::format(
        "<li class=\"{}\"><span class=\"name\">{} <span class=\"variant\">{}</span></span><span class=\"track\" "
        "aria-hidden=\"true\"><span class=\"fill\" style=\"width:{:.2f}%\"></span><span class=\"whisker\" "
        "style=\"left:{:.2f}%;width:{:.2f}%\"></span></span><span class=\"part\">{}</span><span "
        "class=\"rate\">{}</span></li>",
        hue_of(r.workload), escape(r.workload), escape(r.variant), percent(part), percent(low),
        percent(high) - percent(low), format_part(part), format_quantity(r.statistics.median, r.unit));
}

std::string draw_list(const std::vector<Bar>& bars, std::string_view label) {
    if (bars.empty()) return {};
    std::string out = fmt::format("<ul class=\"bars\" aria-label=\"{}\">", label);
    for (const auto& bar : bars) out += draw_bar(bar);
    return out + "</ul>";
}

} // namespace

std::string draw_ceiling_bars(const BenchReport& report) {
    std::vector<Bar> bars;
    for (const auto& r : report.results)
        if (!r.waived && r.fraction_of_peak()) bars.push_back({&r, *r.peak});
    std::ranges::stable_sort(
        bars, [](const Bar& a, const Bar& b) { return *a.result->fraction_of_peak() > *b.result->fraction_of_peak(); });
    return draw_list(bars, "Part of the register-only ceiling");
}

std::string draw_memory_bars(const BenchReport& report) {
    double best = 0;
    std::vector<Bar> bars;
    for (const auto& r : report.results) {
        if (r.waived || !r.workload.starts_with("memory-") || r.unit != "B/s") continue;
        best = std::max(best, r.statistics.median);
        bars.push_back({&r, 0});
    }
    for (auto& bar : bars) bar.of = best;
    return best == 0 ? std::string{} : draw_list(bars, "Part of the fastest way through memory");
}

} // namespace kaisar::report
