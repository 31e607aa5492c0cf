#include "report/roofline.h"

#include "bench/quantity.h"
#include "report/markup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

namespace kaisar::report {
namespace {

/// Operations on words for each byte, counted in the algorithms' own definitions.
struct Count {
    std::string_view workload;
    double operations, bytes;
};
constexpr std::array counts{
    Count{"memory-read", 1, 8},   // one addition a word
    Count{"memory-triad", 2, 24}, // one product, one sum, three elements
    Count{"chacha8", 400, 64},    // 4 double rounds of 8 quarter rounds of 12, 16 additions at the end
    Count{"sha256", 2168, 64},    // 64 rounds of 24, 48 words of schedule of 13, 8 additions at the end
};

std::string_view number_of(std::string_view hue) {
    if (hue == "s8") return "int8";
    if (hue == "bf16") return "bfloat16";
    if (hue == "f32") return "single";
    if (hue == "f64") return "double";
    return hue;
}

void add_arithmetic(std::vector<Roof>& roofs, std::string_view workload, double rate, std::string_view variant,
                    std::string_view unit) {
    const auto hue = hue_of(workload);
    Roof roof{fmt::format("{} {}, {}", number_of(hue), format_quantity(rate, unit), variant), hue, rate};
    const auto same = std::ranges::find(roofs, hue, &Roof::hue);
    if (same == roofs.end())
        roofs.push_back(std::move(roof));
    else if (same->rate < rate)
        *same = std::move(roof);
}

class Drawing {
public:
    Drawing(const Roofline& roofline, unsigned width, unsigned height)
        : roofline_(roofline), width_(width), height_(height), x_(make_x()), y_(make_y()) {}

    std::string draw() {
        draw_grid();
        draw_reach();
        for (const auto& roof : roofline_.memory) draw_memory(roof);
        for (const auto& roof : roofline_.arithmetic) draw_arithmetic(roof);
        for (const auto& point : roofline_.points) reserve(x_.at(point.intensity) - 6, y_.at(point.rate) - 6, 12, 12);
        for (const auto& point : roofline_.points) draw_point(point);
        return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" class=\"roofline\"><title>Roofline of this "
                           "machine</title><desc>{}</desc>{}</svg>",
                           width_, height_, describe(), out_);
    }

private:
    static constexpr double left = 66, right = 10, top = 12, bottom = 44, label_height = 15;
    /// Of one character, in the widest face that a browser is likely to take: text that is thought wider than it is
    /// never touches another.
    static constexpr double label_unit = 7.2, bold_label_unit = 8.6;

    struct Box {
        double x, y, width, height;
    };

    /// Of a label: its base line, and which end of it stands at x.
    struct Place {
        double x, y;
        std::string_view anchor;
    };

    double lowest_intensity() const {
        double lowest = 0.1;
        for (const auto& point : roofline_.points) lowest = std::min(lowest, point.intensity);
        return lowest;
    }

    Axis make_x() const {
        double highest = 10;
        for (const auto& point : roofline_.points) highest = std::max(highest, point.intensity);
        return {Axis::Scale::logarithmic, lowest_intensity() / 1.6, highest * 12, left, width_ - right};
    }

    Axis make_y() const {
        double lowest = roofline_.arithmetic.back().rate, highest = roofline_.arithmetic.front().rate;
        for (const auto& point : roofline_.points) lowest = std::min(lowest, point.rate);
        if (!roofline_.memory.empty()) lowest = std::min(lowest, roofline_.memory.back().rate * lowest_intensity());
        return {Axis::Scale::logarithmic, lowest / 2.5, highest * 2.4, height_ - bottom, top};
    }

    void draw_grid() {
        for (double x = std::pow(10, std::ceil(std::log10(x_.low()))); x <= x_.high(); x *= 10)
            out_ += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/><text "
                                "class=\"tick\" x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4:g}</text>",
                                x_.at(x), top, height_ - bottom, height_ - bottom + 18, x);
        for (double y = std::pow(10, std::ceil(std::log10(y_.low()))); y <= y_.high(); y *= 10)
            out_ += fmt::format("<line class=\"grid\" y1=\"{0:.1f}\" y2=\"{0:.1f}\" x1=\"{1}\" x2=\"{2}\"/><text "
                                "class=\"tick\" x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>",
                                y_.at(y), left, width_ - right, left - 8, y_.at(y) + 4, tick(y));
        out_ += fmt::format("<text class=\"axis\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"end\">operations for each byte "
                            "→</text>",
                            width_ - right, height_ - 6.0);
    }

    /// What the machine can reach at all: the area under its highest roof.
    void draw_reach() {
        if (roofline_.memory.empty()) return;
        const double highest = roofline_.arithmetic.front().rate, best = roofline_.memory.front().rate;
        const double from = std::max(x_.low(), y_.low() / best);
        out_ += fmt::format("<path class=\"reach\" d=\"M{0:.1f} {1:.1f}L{2:.1f} {3:.1f}H{4:.1f}V{5:.1f}H{6:.1f}V{5:.1f}"
                            "H{0:.1f}Z\"/>",
                            x_.at(from), y_.at(from * best), x_.at(highest / best), y_.at(highest), width_ - right,
                            height_ - bottom, left);
    }

    /// A decade needs no decimals: "10 G".
    static std::string tick(double rate) {
        const auto text = format_quantity(rate, "");
        const auto space = text.find(' ');
        return fmt::format("{:g} {}", std::round(std::strtod(text.c_str(), nullptr)), text.substr(space + 1));
    }

    void draw_memory(const Roof& roof) {
        const bool is_best = &roof == &roofline_.memory.front();
        const double highest = roofline_.arithmetic.front().rate;
        const double from = std::max(x_.low(), y_.low() / roof.rate), to = highest / roof.rate;
        out_ += fmt::format("<path class=\"roof memory{}\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"><title>{}</title></path>",
                            is_best ? "" : " lesser", x_.at(from), y_.at(from * roof.rate), x_.at(to), y_.at(highest),
                            escape(roof.label));
        if (!is_best) return;
        // Written along the line, above its middle.
        const double at = std::sqrt(from * to), x = x_.at(at), y = y_.at(at * roof.rate);
        const double angle = std::atan2(y_.at(highest) - y_.at(from * roof.rate), x_.at(to) - x_.at(from));
        out_ += fmt::format("<text class=\"roof-label memory\" text-anchor=\"middle\" transform=\"translate({:.1f} "
                            "{:.1f}) rotate({:.1f})\" dy=\"-8\">{}</text>",
                            x, y, angle * 180 / 3.14159265358979, escape(roof.label));
        // A chain of small boxes along the text keeps others away from it.
        const double over_x = x + 13 * std::sin(angle), over_y = y - 13 * std::cos(angle);
        for (int part = -5; part <= 5; ++part)
            reserve(over_x + part * 18 * std::cos(angle) - 9, over_y + part * 18 * std::sin(angle) - 9, 18, 18);
    }

    void draw_arithmetic(const Roof& roof) {
        const double from =
            roofline_.memory.empty() ? x_.low() : std::max(x_.low(), roof.rate / roofline_.memory.front().rate);
        const double y = y_.at(roof.rate);
        out_ += fmt::format("<path class=\"roof {}\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", roof.hue, x_.at(from), y,
                            width_ - right);
        const double size = label_unit * static_cast<double>(roof.label.size());
        out_ += fmt::format("<text class=\"roof-label {}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                            roof.hue, width_ - right - 2, y - 5, escape(roof.label));
        reserve(width_ - right - size, y - 5 - label_height, size, label_height + 5);
    }

    void draw_point(const RooflinePoint& point) {
        const double x = x_.at(point.intensity), y = y_.at(point.rate);
        const double size = bold_label_unit * static_cast<double>(point.label.size());
        const std::array places{Place{x - 10, y + 4.5, "end"}, Place{x + 10, y + 4.5, "start"},
                                Place{x, y + 21, "middle"},    Place{x, y - 11, "middle"},
                                Place{x - 10, y + 18, "end"},  Place{x + 10, y + 18, "start"},
                                Place{x - 10, y - 9, "end"},   Place{x + 10, y + 30, "start"}};
        const auto free = std::ranges::find_if(places, [&](const Place& p) { return is_free(box_of(p, size)); });
        const auto& place = free == places.end() ? places.front() : *free;
        taken_.push_back(box_of(place, size));
        if (point.fraction_of_peak)
            out_ += fmt::format("<path class=\"gap {}\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>", point.hue, x, y,
                                y_.at(point.rate / *point.fraction_of_peak));
        out_ += fmt::format("<g class=\"point {}\"><title>{}: {}, {:.3g} operations for each byte</title><circle "
                            "cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5.5\"/><text x=\"{:.1f}\" y=\"{:.1f}\" "
                            "text-anchor=\"{}\">{}</text></g>",
                            point.hue, escape(point.label), format_quantity(point.rate, "op/s"), point.intensity, x, y,
                            place.x, place.y, place.anchor, escape(point.label));
    }

    static Box box_of(const Place& place, double size) {
        const double before = place.anchor == "end" ? size : place.anchor == "middle" ? size / 2 : 0;
        return {place.x - before, place.y - 11.5, size, label_height};
    }

    bool is_free(const Box& box) const {
        if (box.x < left || box.x + box.width > width_ - right || box.y < top || box.y + box.height > height_ - bottom)
            return false;
        return std::ranges::none_of(taken_, [&](const Box& other) {
            return box.x < other.x + other.width && other.x < box.x + box.width && box.y < other.y + other.height &&
                   other.y < box.y + box.height;
        });
    }

    void reserve(double x, double y, double width, double height) { taken_.push_back({x, y, width, height}); }

    std::string describe() const {
        std::string text = "Ceilings:";
        for (const auto& roof : roofline_.arithmetic) text += " " + roof.label + ";";
        for (const auto& roof : roofline_.memory) text += " " + roof.label + ";";
        text += " kernels:";
        for (const auto& point : roofline_.points)
            text += fmt::format(" {} at {:.3g} operations for each byte, {};", point.label, point.intensity,
                                format_quantity(point.rate, "op/s"));
        return escape(text);
    }

    const Roofline& roofline_;
    const double width_, height_;
    const Axis x_, y_;
    std::vector<Box> taken_;
    std::string out_;
};

} // namespace

std::optional<double> find_intensity(const BenchResult& r) {
    if (r.workload.starts_with("gemm-") && r.bytes != 0)
        return 2.0 * static_cast<double>(r.m) * static_cast<double>(r.n) * static_cast<double>(r.k) /
               static_cast<double>(r.bytes);
    const auto count = std::ranges::find(counts, std::string_view(r.workload), &Count::workload);
    if (count == counts.end()) return std::nullopt;
    return count->operations / count->bytes;
}

Roofline make_roofline(const BenchReport& report) {
    Roofline roofline;
    for (const auto& r : report.results) {
        if (r.waived || r.device != "cpu" || r.statistics.median <= 0) continue;
        const double rate = r.statistics.median;
        if (r.workload.starts_with("peak-")) add_arithmetic(roofline.arithmetic, r.workload, rate, r.variant, r.unit);
        // The ceiling that was timed beside a kernel: the same thing, where no peak was asked for.
        if (r.peak) add_arithmetic(roofline.arithmetic, r.workload, *r.peak, r.variant, r.unit);
        if (r.workload.starts_with("memory-") && r.unit == "B/s")
            roofline.memory.push_back(
                {fmt::format("{} {}", r.workload, format_quantity(rate, r.unit)), "memory", rate});
        const auto intensity = find_intensity(r);
        if (!intensity) continue;
        const auto fraction = r.fraction_of_peak();
        const double operations = r.workload.starts_with("gemm-") ? rate : rate * *intensity;
        roofline.points.push_back({fraction ? fmt::format("{} {:.0f} %", r.workload, 100 * *fraction) : r.workload,
                                   hue_of(r.workload), *intensity, operations, fraction});
    }
    std::ranges::sort(roofline.arithmetic, std::greater{}, &Roof::rate);
    std::ranges::sort(roofline.memory, std::greater{}, &Roof::rate);
    return roofline;
}

std::string draw_roofline(const Roofline& roofline, unsigned width, unsigned height) {
    if (roofline.arithmetic.empty()) return {};
    return Drawing(roofline, width, height).draw();
}

} // namespace kaisar::report
