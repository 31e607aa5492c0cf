/// Figures as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kaisar {

/// Three significant digits and an SI prefix: 648 Gop/s, 92.1 ns.
std::string format_quantity(double value, std::string_view unit);

/// Binary multiples where they come out even, as sizes of memory do: 512 MiB, 1.5 GiB.
std::string format_size(std::uint64_t bytes);

} // namespace kaisar
