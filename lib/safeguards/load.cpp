#include "safeguards/load.h"

#include "hardware/inventory.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

namespace kaisar {
namespace {

using Seconds = std::chrono::duration<double>;

/// The kernel counts in hundredths of a second: below this a reading would be mostly rounding. A run begins at least
/// that long before its slot.
constexpr Seconds shortest_interval{0.1};
constexpr int deepest_group = 7; // a rootless container lies six deep

/// How container engines and hypervisors name the groups that they make, from the first letter on.
constexpr std::array<std::string_view, 8> tenant_names{"docker",   "libpod", "crio",    "cri-containerd",
                                                       "kubepods", "lxc",    "machine", "garden"};

template <class Number>
std::optional<Number> find_number(std::string_view text) {
    Number value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
    return word;
}

std::string_view take_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

/// Adds the processors' lines of /proc/stat: user nice system idle iowait irq softirq steal …
void add_busy(LoadCounters& counters, std::string_view stat) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    const bool knows_affinity = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0;
    const auto tick = Seconds(1) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    while (!stat.empty()) {
        auto line = take_line(stat);
        auto name = take_word(line);
        if (!name.starts_with("cpu")) continue;
        const auto number = find_number<unsigned>(name.substr(3));
        if (!number || (knows_affinity && *number < CPU_SETSIZE && !CPU_ISSET(*number, &allowed))) continue;
        std::array<double, 7> ticks{};
        for (auto& each : ticks) each = static_cast<double>(find_number<std::uint64_t>(take_word(line)).value_or(0));
        counters.busy += (ticks[0] + ticks[2] + ticks[5] + ticks[6]) * tick;
        ++counters.processors;
    }
}

std::optional<Seconds> find_usage(const Path& group) {
    const auto stat = read_system_file((group / "cpu.stat").string()); // version 2
    if (std::string_view(stat).starts_with("usage_usec "))
        if (const auto usage = find_number<std::uint64_t>(std::string_view(stat).substr(11)))
            return Seconds(static_cast<double>(*usage) / 1e6);
    if (const auto usage = find_number<std::uint64_t>(read_system_file((group / "cpuacct.usage").string())))
        return Seconds(static_cast<double>(*usage) / 1e9);
    return std::nullopt;
}

bool is_tenant(const Path& group) {
    const auto name = group.filename().string();
    if (name.ends_with(".service")) return false; // the engine itself
    return std::ranges::any_of(tenant_names, [&](std::string_view start) { return name.starts_with(start); });
}

/// The groups of this process: "/a/b" of each line "number:controllers:/a/b".
std::vector<std::string> find_own_groups(const Path& file) {
    const auto text = read_system_file(file.string());
    std::vector<std::string> groups;
    for (std::string_view rest = text; !rest.empty();) {
        const auto line = take_line(rest);
        const auto colon = line.find(':', line.find(':') + 1);
        if (colon != line.npos) groups.emplace_back(line.substr(colon + 1));
    }
    return groups;
}

/// Walks down to the first groups that tenants are in; what lies below is part of their usage. Where we are in such a
/// group ourselves, those beside us are tenants, whatever their names.
void add_tenants(LoadCounters& counters, const Path& folder, const Path& mount,
                 const std::vector<std::string>& own_groups, int depth, bool is_among_tenants) {
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
        if (!entry.is_directory(code) || entry.is_symlink(code)) continue;
        const auto& path = entry.path();
        const auto inside = fmt::format("/{}", path.lexically_relative(mount).string());
        const bool holds_us = std::ranges::any_of(
            own_groups, [&](const std::string& own) { return (own + "/").starts_with(inside + "/"); });
        const bool is_one = is_among_tenants || is_tenant(path);
        const auto usage = is_one && !holds_us ? find_usage(path) : std::nullopt;
        if (usage)
            counters.tenants[path.string()] = *usage;
        else if (depth < deepest_group)
            add_tenants(counters, path, mount, own_groups, depth + 1, is_one && holds_us);
    }
}

Seconds own_processor_time() {
    timespec time{};
    if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) return {};
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

} // namespace

LoadCounters read_load_counters(const LoadSources& sources) {
    LoadCounters counters{.read_at = std::chrono::steady_clock::now(), .own = own_processor_time()};
    add_busy(counters, read_system_file(sources.stat.string()));
    const auto own_groups = find_own_groups(sources.own_groups);
    // Version 1 mounts a tree for each controller, version 2 one for all.
    std::error_code code;
    const auto accounting = sources.groups / "cpuacct";
    const auto mount = std::filesystem::is_directory(accounting, code) ? accounting : sources.groups;
    add_tenants(counters, mount, mount, own_groups, 1, false);
    return counters;
}

std::optional<Load> find_load(const LoadCounters& before, const LoadCounters& after) {
    const Seconds elapsed = after.read_at - before.read_at;
    if (elapsed < shortest_interval || after.processors == 0 || after.processors != before.processors)
        return std::nullopt;
    const auto capacity = elapsed * after.processors;
    Seconds tenants{};
    for (const auto& [group, usage] : after.tenants) {
        const auto earlier = before.tenants.find(group);
        // A group that is new has used all of its time since.
        tenants += std::max(usage - (earlier == before.tenants.end() ? Seconds{} : earlier->second), Seconds{});
    }
    const auto others = std::max((after.busy - before.busy) - (after.own - before.own), Seconds{});
    return Load{.others = others / capacity, .tenants = tenants / capacity};
}

} // namespace kaisar
