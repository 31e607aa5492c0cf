#include "safeguards/spare_memory.h"

#include "hardware/inventory.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>

namespace kaisar {
namespace {

/// What is left to everything else on a small machine, and the part of a large one: enough for the page cache of the
/// programs that run, and for what they may ask for while a proof holds its memory.
constexpr std::uint64_t least_reserve_bytes = std::uint64_t{128} << 20;
constexpr std::uint64_t reserve_part = 10;

/// The kernel's scale ends here: chosen before any process that uses less than all memory.
constexpr int most_willing = 1000;

} // namespace

std::uint64_t allowed_memory_bytes(std::optional<std::uint64_t> wanted, std::uint64_t available) {
    const auto reserve = std::max(least_reserve_bytes, available / reserve_part);
    const auto spare = available > reserve ? available - reserve : 0;
    return std::min(wanted.value_or(available / 2), spare);
}

std::uint64_t allowed_memory_bytes(std::optional<std::uint64_t> wanted) {
    return allowed_memory_bytes(wanted, detect_available_memory_bytes());
}

void offer_to_be_ended_first(const std::string& adjustment_file) {
    std::ofstream(adjustment_file) << most_willing << '\n';
}

std::optional<std::string> find_huge_page_fault(const std::string& switch_file, const std::string& status_file) {
    const auto setting = read_system_file(switch_file);
    if (setting.empty()) return "this kernel has no transparent huge pages";
    if (setting.find("[never]") != std::string::npos)
        return fmt::format("huge pages are switched off ({} says never); \"echo madvise > {}\" as root allows them to "
                           "programs that ask",
                           switch_file, switch_file);
    if (read_system_file(status_file).find("THP_enabled:\t0") != std::string::npos)
        return "huge pages are switched off for this process; whatever starts it calls prctl(PR_SET_THP_DISABLE)";
    return std::nullopt;
}

} // namespace kaisar
