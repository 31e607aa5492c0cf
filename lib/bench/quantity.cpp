#include "bench/quantity.h"

#include <cmath>
#include <fmt/format.h>
#include <iterator>

namespace kaisar {

std::string format_quantity(double value, std::string_view unit) {
    constexpr std::string_view prefixes[] = {"f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P"};
    std::size_t prefix = 5;
    // 999.5 and more would be written as 1000.
    for (; std::abs(value) >= 999.5 && prefix + 1 < std::size(prefixes); ++prefix) value /= 1000;
    for (; value != 0 && std::abs(value) < 0.9995 && prefix > 0; --prefix) value *= 1000;
    const double size = std::abs(value);
    return fmt::format("{:.{}f} {}{}", value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0, prefixes[prefix], unit);
}

std::string format_size(std::uint64_t bytes) {
    constexpr std::string_view units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
    const bool is_even = value == std::floor(value);
    return fmt::format("{:.{}f} {}", value, is_even || value >= 100 ? 0 : 1, units[unit]);
}

} // namespace kaisar
