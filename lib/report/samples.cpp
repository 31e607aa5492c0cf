#include "report/samples.h"

#include "bench/quantity.h"
#include "report/markup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

namespace kaisar::report {
namespace {

constexpr double width = 320, height = 112, left = 52, plot_end = 246, bars_begin = 256, top = 8, bottom = 92;
constexpr std::size_t bins = 16;

/// How far the axis reaches to either side of the median: half a per cent at least, so that quiet rows look quiet, and
/// no further than nine samples of ten do, so that one outlier leaves the others apart.
double choose_reach(const BenchResult& r) {
    constexpr double least = 0.005, shown = 0.9, room = 1.5;
    std::vector<double> deviations;
    for (const double figure : r.figures) deviations.push_back(std::abs(figure / r.statistics.median - 1));
    std::ranges::sort(deviations);
    const double most = deviations.back();
    const double usual = deviations[static_cast<std::size_t>(shown * static_cast<double>(deviations.size() - 1))];
    return std::max(least, std::min(most * 1.05, usual * room));
}

/// The interval's band, its median and the axis.
std::string draw_frame(const BenchResult& r, const Axis& y, double reach) {
    const auto& s = r.statistics;
    const auto height_of = [&](double figure) { return y.at(std::clamp(figure / s.median - 1, -reach, reach)); };
    const double high = height_of(s.ci_high), low = height_of(s.ci_low), middle = y.at(0);
    std::string out = fmt::format("<rect class=\"interval\" x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\"/>"
                                  "<path class=\"median\" d=\"M{} {:.1f}H{}\"/>",
                                  left, high, plot_end - left, std::max(low - high, 1.0), left, middle, width);
    const int decimals = reach < 0.02 ? 1 : 0;
    for (const double part : {reach, 0.0, -reach})
        out += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", left - 6,
                           y.at(part) + (part == 0  ? 4
                                         : part > 0 ? 8
                                                    : 0),
                           part == 0  ? "median"
                           : part > 0 ? fmt::format("+{:.{}f} %", 100 * part, decimals)
                                      : fmt::format("−{:.{}f} %", -100 * part, decimals));
    out += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\">in order of time</text><text class=\"tick\" x=\"{}\" "
                       "y=\"{}\">how often</text>",
                       left, height - 3, bars_begin, height - 3);
    return out;
}

std::string draw_plot(const BenchResult& r) {
    const double reach = choose_reach(r);
    const Axis y(Axis::Scale::linear, -reach, reach, bottom, top);
    const Axis x(Axis::Scale::linear, 0, std::max(1.0, static_cast<double>(r.figures.size()) - 1), left + 4,
                 plot_end - 4);
    std::array<unsigned, bins> heights{};
    std::string dots, beyond;
    std::size_t outliers = 0;
    for (std::size_t i = 0; i < r.figures.size(); ++i) {
        const double part = r.figures[i] / r.statistics.median - 1, at = x.at(static_cast<double>(i));
        if (std::abs(part) > reach) {
            ++outliers;
            const double tip = part > 0 ? top : bottom, foot = part > 0 ? top + 5 : bottom - 5;
            beyond += fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}Z", at - 3, foot, at, tip, at + 3, foot);
        } else {
            dots += fmt::format("M{:.1f} {:.1f}h0", at, y.at(part));
        }
        const auto bin = static_cast<std::size_t>((std::clamp(part, -reach, reach) + reach) / (2 * reach) * bins);
        ++heights[std::min(bin, bins - 1)];
    }
    const double most = *std::ranges::max_element(heights), step = (bottom - top) / bins;
    std::string bars;
    for (std::size_t bin = 0; bin < bins; ++bin)
        if (heights[bin] != 0)
            bars += fmt::format("<rect class=\"bin\" x=\"{}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
                                bars_begin, bottom - static_cast<double>(bin + 1) * step + 0.5,
                                heights[bin] / most * (width - bars_begin), step - 1);
    return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\"><title>{} samples of {}</title><desc>From {} to {}; "
                       "95 % confidence interval of the median {} to {}; {} lie beyond the drawing</desc>{}<path "
                       "class=\"dots\" d=\"{}\"/><path class=\"beyond\" d=\"{}\"/>{}</svg>",
                       width, height, r.figures.size(), escape(r.workload), format_quantity(r.statistics.min, r.unit),
                       format_quantity(r.statistics.max, r.unit), format_quantity(r.statistics.ci_low, r.unit),
                       format_quantity(r.statistics.ci_high, r.unit), outliers, draw_frame(r, y, reach), dots, beyond,
                       bars);
}

} // namespace

std::string draw_samples(const BenchResult& r) {
    const auto& s = r.statistics;
    const double spread = s.median == 0 ? 0 : s.mad / s.median;
    std::string marks =
        r.verified ? "<span class=\"mark good\">answers right</span>" : "<span class=\"mark bad\">answers wrong</span>";
    if (!r.stable) marks += fmt::format("<span class=\"mark warn\">unsteady: {}</span>", escape(r.unstable_reason));
    const auto& c = r.conditions;
    if (c.clock_hz)
        marks += fmt::format("<span class=\"condition\">clock {}</span>", format_quantity(*c.clock_hz, "Hz"));
    if (c.hottest_c) marks += fmt::format("<span class=\"condition\">{:.0f} °C</span>", *c.hottest_c);
    if (r.joules_per_op)
        marks +=
            fmt::format("<span class=\"condition\">{} an operation</span>", format_quantity(*r.joules_per_op, "J"));
    if (c.stolen.value_or(0) > 0.005)
        marks += fmt::format("<span class=\"condition\">{} taken by the host</span>", format_part(*c.stolen));
    return fmt::format("<article class=\"card {}\"><h3>{} <span class=\"variant\">{}</span></h3><p class=\"figure\">{} "
                       "<span class=\"spread\">± {}</span></p>{}<p class=\"marks\">{}</p></article>",
                       hue_of(r.workload), escape(r.workload), escape(r.variant), format_quantity(s.median, r.unit),
                       format_part(spread), r.figures.empty() || s.median == 0 ? "" : draw_plot(r), marks);
}

} // namespace kaisar::report
