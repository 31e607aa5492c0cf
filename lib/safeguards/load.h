/// How busy others keep the processors that this process may use: counters of the kernel, read twice.
#pragma once

#include "files/files.h"

#include <chrono>
#include <map>
#include <string>

namespace kaisar {

/// Where the kernel tells; tests show another machine.
struct LoadSources {
    Path stat = "/proc/stat";
    Path own_groups = "/proc/self/cgroup";
    Path groups = "/sys/fs/cgroup";
};

/// Processor time since some moment in the past.
struct LoadCounters {
    std::chrono::steady_clock::time_point read_at;
    unsigned processors = 0; ///< those that this process may run on; the times are theirs
    /// Spent at normal priority or above, by any process or the kernel: what runs niced gives way by itself.
    std::chrono::duration<double> busy{};
    std::chrono::duration<double> own{};
    /// By control group: of containers and virtual machines that this process is not in.
    std::map<std::string, std::chrono::duration<double>> tenants;
};

LoadCounters read_load_counters(const LoadSources& sources = {});

/// As parts of the processors' capacity.
struct Load {
    double others = 0;  ///< everything but this process
    double tenants = 0; ///< containers and virtual machines
};

/// Nothing when too little time lies between the readings, or the kernel told nothing.
std::optional<Load> find_load(const LoadCounters& before, const LoadCounters& after);

} // namespace kaisar
