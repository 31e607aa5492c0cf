/// config.json: what a provider wants every run to know, so that cron lines stay short.
#pragma once

#include "files/files.h"

#include <chrono>
#include <optional>
#include <string>

namespace kaisar {

enum class LoadPolicy { respected, ignored };

/// What the machine's owner allows a proof, whatever the network asks; docs/safeguards.md explains each.
struct OwnerLimits {
    std::optional<std::uint64_t> max_memory_bytes;
    std::optional<unsigned> max_threads;
    /// Nothing: twenty, or more where the network's slots are shorter than usual.
    std::optional<unsigned> runs_per_hour;
    std::optional<double> max_temperature_c;
    std::optional<double> max_power_w;
    /// Of the processors' capacity, by whatever else runs here; nothing: only containers and virtual machines count.
    std::optional<double> busy_percent;
    LoadPolicy load = LoadPolicy::respected;
    /// A slot with a memory phase asks for its last answer 111 s after T0; opening, checking and uploading take
    /// seconds.
    std::chrono::seconds longest_run{150};
};

struct Configuration {
    /// A profile's file, a name or a portal's address, as --network takes it.
    std::optional<std::string> network;
    OwnerLimits limits;
};

/// Unknown fields are refused, since a misspelt one would be ignored in silence otherwise: Error(usage).
Configuration load_configuration(const Path& path);

} // namespace kaisar
