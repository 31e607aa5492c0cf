/// What the processor's own sensors say, where the machine has them and lets this user read them.
#pragma once

#include "files/files.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace kaisar {

/// Of the hottest sensor of a processor; nothing where none can be read, as in most virtual machines.
std::optional<double> find_temperature_c(const Path& monitors = "/sys/class/hwmon",
                                         const Path& zones = "/sys/class/thermal");

/// The processors' energy counters (RAPL); since 2020 the kernel shows them to root only.
class PowerMeter {
public:
    explicit PowerMeter(Path counters = "/sys/class/powercap");

    /// Mean power of all processors since the last reading, in watts; nothing for the first, for one that comes within
    /// a tenth of a second, and where the counters cannot be read.
    std::optional<double> find_power_w(std::chrono::steady_clock::time_point now);
    /// Energy of all processors since the last reading by either function, in joules; nothing for the first, and where
    /// the counters cannot be read.
    std::optional<double> find_energy_j();
    bool can_read() const { return !energy_uj_.empty(); }

private:
    Path counters_;
    std::map<std::string, std::uint64_t> energy_uj_;
    bool was_read_ = false;
    std::chrono::steady_clock::time_point read_at_{};
};

} // namespace kaisar
