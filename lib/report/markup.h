/// The few pieces of HTML and SVG that every part of the page is made of.
#pragma once

#include "bench/bench.h"

#include <string>
#include <string_view>

namespace kaisar::report {

/// Safe as text and within quoted attributes; control characters, which XML forbids, become a replacement mark.
std::string escape(std::string_view text);

/// "41.2 %".
std::string format_part(double fraction);

/// The colour of a type of number, as a class of the style sheet: s8, bf16, f32, f64, or other.
std::string_view hue_of(std::string_view workload);

/// One axis: where a value lies between two ends, linear or logarithmic.
class Axis {
public:
    enum class Scale { linear, logarithmic };
    Axis(Scale scale, double low, double high, double begin, double end);
    double at(double value) const;
    double low() const { return low_; }
    double high() const { return high_; }

private:
    double transformed(double value) const;
    Scale scale_;
    double low_, high_, begin_, end_;
};

/// The style sheet.
std::string_view style();

} // namespace kaisar::report
