#include "hardware/detection.h"

#include <algorithm>
#include <charconv>

namespace kaisar {
namespace {

std::optional<std::uint64_t> find_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

template <class Value>
void lower(std::optional<Value>& limit, std::optional<Value> other) {
    if (other) limit = std::min(limit.value_or(*other), *other);
}

std::optional<double> processors_of(std::string_view quota, std::string_view period) {
    const auto quota_us = find_number(quota), period_us = find_number(period);
    if (!quota_us || !period_us || *period_us == 0) return std::nullopt; // "max", "-1" or no such file
    return static_cast<double>(*quota_us) / static_cast<double>(*period_us);
}

/// The value of the line "name value" of a memory.stat.
std::uint64_t stat_value(std::string_view stat, std::string_view name) {
    for (std::size_t at = 0; at < stat.size();) {
        const auto end = std::min(stat.find('\n', at), stat.size());
        const auto line = stat.substr(at, end - at);
        at = end + 1;
        if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ' ')
            return find_number(line.substr(name.size() + 1)).value_or(0);
    }
    return 0;
}

/// What is left until `limit`; file pages that nobody has touched lately give way by themselves.
void lower_free(ControlGroupLimits& limits, const Path& folder, std::uint64_t limit, const char* usage_file,
                std::string_view idle_files) {
    const auto usage = find_number(read_system_file(folder / usage_file)).value_or(0);
    const auto idle = stat_value(read_system_file(folder / "memory.stat"), idle_files);
    const auto held = usage > idle ? usage - idle : 0;
    lower(limits.free_memory_bytes, std::optional<std::uint64_t>(limit > held ? limit - held : 0));
}

/// One group's own limits, in whichever version's files its folder has.
void lower_by_folder(ControlGroupLimits& limits, const Path& folder) {
    const auto cpu_max = read_system_file(folder / "cpu.max");
    if (const auto space = cpu_max.find(' '); space != std::string::npos)
        lower(limits.processors, processors_of(cpu_max.substr(0, space), cpu_max.substr(space + 1)));
    lower(limits.processors,
          processors_of(read_system_file(folder / "cpu.cfs_quota_us"), read_system_file(folder / "cpu.cfs_period_us")));
    // Above memory.high the kernel slows a group down until it is below again.
    for (const auto* file : {"memory.max", "memory.high"}) {
        const auto limit = find_number(read_system_file(folder / file));
        if (!limit) continue;
        lower(limits.memory_bytes, limit);
        lower_free(limits, folder, *limit, "memory.current", "inactive_file");
    }
    // Version 1 writes "no limit" as the largest multiple of the page size.
    const auto memory = find_number(read_system_file(folder / "memory.limit_in_bytes"));
    if (!memory || *memory >= std::uint64_t{1} << 62) return;
    lower(limits.memory_bytes, memory);
    lower_free(limits, folder, *memory, "memory.usage_in_bytes", "total_inactive_file");
}

/// The group's folder and all around it, up to the mount; a path that is not visible from inside a container leaves the
/// mount.
void lower_by_path(ControlGroupLimits& limits, const Path& mount, std::string_view group) {
    lower_by_folder(limits, mount);
    Path folder = mount;
    for (const auto& part : Path(group).relative_path()) lower_by_folder(limits, folder /= part);
}

} // namespace

ControlGroupLimits detect_control_group_limits(const Path& own_groups, const Path& mount) {
    ControlGroupLimits limits;
    const auto text = read_system_file(own_groups);
    for (std::size_t at = 0; at < text.size();) { // lines of "number:controllers:/path"
        const auto end = std::min(text.find('\n', at), text.size());
        const std::string_view line = std::string_view(text).substr(at, end - at);
        at = end + 1;
        const auto first = line.find(':'), second = line.find(':', first + 1);
        if (first == line.npos || second == line.npos) continue;
        const auto controllers = line.substr(first + 1, second - first - 1), group = line.substr(second + 1);
        if (controllers.empty()) lower_by_path(limits, mount, group);
        if (controllers == "cpu" || controllers == "cpu,cpuacct" || controllers == "memory")
            lower_by_path(limits, mount / controllers, group);
    }
    return limits;
}

} // namespace kaisar
