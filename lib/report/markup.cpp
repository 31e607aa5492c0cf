#include "report/markup.h"

#include <cmath>
#include <fmt/format.h>

namespace kaisar::report {

std::string escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (c == '\'')
            out += "&#39;";
        else if ((code < 0x20 && c != '\n' && c != '\t') || code == 0x7f)
            out += "\xEF\xBF\xBD";
        else
            out += c;
    }
    return out;
}

std::string format_part(double fraction) { return fmt::format("{:.1f} %", 100 * fraction); }

std::string_view hue_of(std::string_view workload) {
    for (const std::string_view hue : {"s8", "bf16", "f32", "f64"})
        if (workload.ends_with(hue)) return hue;
    return workload.starts_with("memory-") ? "memory" : "other";
}

Axis::Axis(Scale scale, double low, double high, double begin, double end)
    : scale_(scale), low_(low), high_(high), begin_(begin), end_(end) {}

double Axis::transformed(double value) const { return scale_ == Scale::logarithmic ? std::log10(value) : value; }

double Axis::at(double value) const {
    const double part = (transformed(value) - transformed(low_)) / (transformed(high_) - transformed(low_));
    return begin_ + part * (end_ - begin_);
}

} // namespace kaisar::report
