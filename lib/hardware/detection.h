/// The parts of detect_inventory(), each with the places it reads as arguments, so that tests can show them another
/// machine.
#pragma once

#include "files/files.h"
#include "hardware/inventory.h"

namespace kaisar {

/// What control groups allow the process whose /proc/…/cgroup file is read; nothing where they set no limit.
struct ControlGroupLimits {
    std::optional<double> processors;
    std::optional<std::uint64_t> memory_bytes;
    /// What is left of that now, whoever in the group uses the rest.
    std::optional<std::uint64_t> free_memory_bytes;
};

/// Both versions of control groups; a limit of a group or of any group around it counts.
ControlGroupLimits detect_control_group_limits(const Path& own_groups = "/proc/self/cgroup",
                                               const Path& mount = "/sys/fs/cgroup");

Cpu detect_cpu(const ControlGroupLimits& limits);
Memory detect_memory(const ControlGroupLimits& limits, const Path& meminfo = "/proc/meminfo");

/// Real disks only: no loop devices, RAM disks or device-mapper volumes.
std::vector<Disk> detect_disks(const Path& blocks = "/sys/block");

/// Interfaces with a device behind them; where there are none (in a container), those that routes lead to.
std::vector<Nic> detect_nics(const Path& interfaces = "/sys/class/net", const Path& routes = "/proc/net/route");

/// By NVML, opened at run time; empty where there is no NVIDIA driver, which is normal.
std::vector<Gpu> detect_gpus(const char* library = "libnvidia-ml.so.1");

System detect_system(const Path& dmi = "/sys/class/dmi/id", const Path& os_release = "/etc/os-release");

/// The value of `Name:   123 kB` in /proc/meminfo, in bytes; zero when there is no such line.
std::uint64_t meminfo_bytes(std::string_view meminfo, std::string_view name);

} // namespace kaisar
