/// What the machine did while a workload ran: clock, heat, throttling, time taken away by the host, energy.
#pragma once

#include "files/files.h"
#include "hardware/cpu_features.h"
#include "safeguards/sensors.h"
#include "workloads/team.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kaisar {

/// Where the system tells; tests show another machine.
struct ConditionSources {
    Path monitors = "/sys/class/hwmon";
    Path zones = "/sys/class/thermal";
    Path energy = "/sys/class/powercap";
    Path processors = "/sys/devices/system/cpu";
    Path stat = "/proc/stat";
};

struct Conditions {
    /// Cycles per second of the slowest thread, measured by a chain of additions right after each sample: the median,
    /// and the lowest.
    std::optional<double> clock_hz, lowest_clock_hz;
    /// The same after each sample, in their order; fewer where a look failed.
    std::vector<double> clocks_hz;
    /// The same while registers as wide as the samples' work; as many.
    std::vector<double> working_clocks_hz;
    std::optional<double> hottest_c;
    /// How often the processors slowed down because of heat or power.
    std::optional<std::uint64_t> throttle_events;
    /// Part of the processors' time that the host gave to others.
    std::optional<double> stolen;
    /// Of all processor packages while samples ran, other work included.
    std::optional<double> energy_j;
    /// What this machine does not show, each with the reason: "temperature_c: …".
    std::vector<std::string> waived;
};

/// Sum of the counters of throttling, all processors and packages; nothing where there are none.
std::optional<std::uint64_t> find_throttle_events(const Path& processors);

/// Time of all processors together, from the first line of /proc/stat, in the kernel's ticks.
struct ProcessorTicks {
    std::uint64_t all = 0, stolen = 0;
};
std::optional<ProcessorTicks> find_processor_ticks(const Path& stat);

/// What a clock is counted beside: multiplications of 512 bits hold it lower than it is right after them.
enum class Beside { nothing, wide_multiplications };

/// What the clock of a variant of a product, or of a ceiling, is counted beside.
Beside find_beside(std::string_view variant, CpuFeatures features);

class ConditionWatch {
public:
    explicit ConditionWatch(ConditionSources sources = {});

    /// Around the samples themselves, as often as one likes: energy is counted between them only.
    void begin_sample();
    void end_sample();
    /// Right after a sample: the clock, and now and then the temperature. Takes a tenth of a millisecond or two.
    void look(Team& team, Beside beside = Beside::nothing);
    Conditions finish();

private:
    ConditionSources sources_;
    PowerMeter meter_;
    std::optional<double> energy_j_;
    std::vector<double> clocks_hz_, working_clocks_hz_;
    std::optional<double> hottest_c_;
    std::chrono::steady_clock::time_point heat_read_at_{};
    std::optional<std::uint64_t> throttle_before_;
    std::optional<ProcessorTicks> ticks_before_;
};

} // namespace kaisar
