#include "safeguards/sensors.h"

#include "hardware/inventory.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kaisar {
namespace {

constexpr std::chrono::milliseconds shortest_reading{100};
constexpr double plausible_celsius = 150; // a sensor that says more, or nothing above zero, is broken

/// Drivers whose sensors sit in a processor, and kinds of thermal zones that do.
constexpr std::array<std::string_view, 5> processor_drivers{"coretemp", "k10temp", "zenpower", "cpu_thermal",
                                                            "soc_thermal"};
constexpr std::array<std::string_view, 3> processor_zones{"x86_pkg_temp", "cpu", "soc"};

std::optional<std::uint64_t> find_number(const Path& file) {
    const auto text = read_system_file(file.string());
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

void raise(std::optional<double>& hottest, const Path& sensor) {
    const auto thousandths = find_number(sensor);
    if (!thousandths || *thousandths == 0) return;
    const auto celsius = static_cast<double>(*thousandths) / 1000;
    if (celsius <= plausible_celsius) hottest = std::max(hottest.value_or(celsius), celsius);
}

template <std::size_t Count>
bool begins_like_one(const std::string& name, const std::array<std::string_view, Count>& starts) {
    return std::ranges::any_of(starts, [&](std::string_view start) { return name.starts_with(start); });
}

std::map<std::string, std::uint64_t> read_energy(const Path& counters) {
    std::map<std::string, std::uint64_t> energy_uj;
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(counters, code)) {
        // Packages only: their parts (core, uncore, dram) are called package-0/… and have a colon more.
        if (!read_system_file((entry.path() / "name").string()).starts_with("package-")) continue;
        if (const auto value = find_number(entry.path() / "energy_uj")) energy_uj[entry.path().string()] = *value;
    }
    return energy_uj;
}

} // namespace

std::optional<double> find_temperature_c(const Path& monitors, const Path& zones) {
    std::optional<double> hottest;
    std::error_code code;
    for (const auto& monitor : std::filesystem::directory_iterator(monitors, code)) {
        if (!begins_like_one(read_system_file((monitor.path() / "name").string()), processor_drivers)) continue;
        for (const auto& file : std::filesystem::directory_iterator(monitor.path(), code)) {
            const auto name = file.path().filename().string();
            if (name.starts_with("temp") && name.ends_with("_input")) raise(hottest, file.path());
        }
    }
    if (hottest) return hottest;
    for (const auto& zone : std::filesystem::directory_iterator(zones, code))
        if (begins_like_one(read_system_file((zone.path() / "type").string()), processor_zones))
            raise(hottest, zone.path() / "temp");
    return hottest;
}

PowerMeter::PowerMeter(Path counters) : counters_(std::move(counters)), energy_uj_(read_energy(counters_)) {}

std::optional<double> PowerMeter::find_power_w(std::chrono::steady_clock::time_point now) {
    const bool is_first = read_at_ == std::chrono::steady_clock::time_point{};
    if (!is_first && now - read_at_ < shortest_reading) return std::nullopt;
    const std::chrono::duration<double> elapsed = now - std::exchange(read_at_, now);
    const auto joules = find_energy_j();
    if (is_first || !joules) return std::nullopt;
    return *joules / elapsed.count();
}

std::optional<double> PowerMeter::find_energy_j() {
    const auto before = std::exchange(energy_uj_, read_energy(counters_));
    if (!std::exchange(was_read_, true) || energy_uj_.empty()) return std::nullopt;
    double joules = 0;
    for (const auto& [counter, value] : energy_uj_) {
        const auto earlier = before.find(counter);
        if (earlier == before.end()) return std::nullopt;
        // The counter begins again at zero once it has reached its range.
        const auto range = value < earlier->second ? find_number(Path(counter) / "max_energy_range_uj").value_or(0) : 0;
        joules += static_cast<double>(range + value - earlier->second) / 1e6;
    }
    return joules;
}

} // namespace kaisar
