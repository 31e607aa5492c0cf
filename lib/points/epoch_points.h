/// An epoch's attested figures and what they are worth by either policy: the same code for the network's accounting and
/// for a worker that predicts its own.
#pragma once

#include "points/published_points.h"
#include "popw_rules/linear_points.h"
#include "popw_rules/messages.h"
#include "protocol/portal_messages.h"

#include <chrono>
#include <map>

namespace kaisar::points {

popw::MemoryKind memory_kind(popw::DeviceKind kind);

/// Sums of one device's attested rates over the epoch's active slots; over those with a memory phase for the memory.
struct DeviceSums {
    popw::DeviceKind kind = popw::DeviceKind::cpu;
    std::uint64_t macs_per_s = 0;
    std::uint64_t walk_bytes_per_s = 0;
    std::uint64_t held_bytes = 0;
    /// The last memory phase of the epoch stands for the slots after it that have none.
    popw::AttestedRates last_memory;
    std::uint64_t memory_proofs = 0;
    std::vector<std::uint64_t> scores;

    /// Adds a proved slot; slots come in their order.
    void add(const popw::AttestedRates& rates, const popw::Params& params);
};

/// By device index.
using Devices = std::map<std::uint16_t, DeviceSums>;

/// What the epoch's sums are divided by: missing and rejected proofs count as zero.
struct Divisors {
    std::uint64_t active = 0;
    std::uint64_t memory = 0;
};

/// The sums over all devices, divided; without a round trip.
AttestedFigures mean_figures(const Devices& devices, const Divisors& slots);

/// What published points need beside the devices.
struct PublishedFacts {
    std::uint64_t claimed_cores = 0;
    /// Stands for the processor until the epoch's first active slot is over.
    std::uint64_t benchmark_macs_per_s = 0;
    /// The time of the slots in which the worker was heard.
    std::chrono::seconds heard{0};
    std::optional<AttestedBandwidth> bandwidth;
};

std::vector<PointsLine> published_lines(const Devices& devices, const Divisors& slots, const PublishedFacts& facts);

/// A strike halves the points, three suspend them.
std::vector<PointsLine> linear_lines(const Devices& devices, std::uint64_t active_slots, std::uint64_t availability_ppm,
                                     std::uint32_t strikes);

/// The lines' sum.
std::uint64_t total_micro_points(const std::vector<PointsLine>& lines);

} // namespace kaisar::points
