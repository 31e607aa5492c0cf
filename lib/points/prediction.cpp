#include "points/prediction.h"

#include "popw_rules/schedule.h"

#include <algorithm>
#include <cmath>

namespace kaisar::points {
namespace {

/// The share of all 64-bit words that are below a threshold of the constants.
double chance_of(std::uint64_t threshold) { return std::ldexp(static_cast<double>(threshold), -64); }

std::uint64_t rounded(double value) { return static_cast<std::uint64_t>(std::llround(value)); }

/// The expected epoch: its active slots in their order, with its memory phases as far apart as they are on average.
DeviceSums expected_slots(const popw::AttestedRates& rates, std::uint64_t active_slots, const popw::Params& params) {
    const auto memory_chance = chance_of(params.memory_threshold);
    const auto distance = memory_chance > 0 ? std::max<std::uint64_t>(rounded(1 / memory_chance), 1) : active_slots + 1;
    const popw::AttestedRates compute_only{.macs_per_s = rates.macs_per_s};
    DeviceSums sums;
    for (std::uint64_t slot = 1; slot <= active_slots; ++slot)
        sums.add(slot % distance == 0 ? rates : compute_only, params);
    return sums;
}

PredictedEpoch with_total(std::vector<PointsLine> lines) {
    const auto total = total_micro_points(lines);
    return {.lines = std::move(lines), .micro_points = total};
}

} // namespace

PredictedPoints predict_points(const popw::AttestedRates& rates, std::uint64_t claimed_cores,
                               const popw::Params& params) {
    const auto slots = slots_per_epoch(params);
    const auto active_slots = std::max<std::uint64_t>(rounded(slots * chance_of(params.active_threshold)), 1);
    Devices devices;
    const auto& sums = devices[0] = expected_slots(rates, active_slots, params);
    const auto epoch = std::chrono::duration_cast<std::chrono::seconds>(params.slot * slots);
    return {.epoch = epoch,
            .active_slots = active_slots,
            .published = with_total(published_lines(
                devices, {.active = active_slots, .memory = std::max<std::uint64_t>(sums.memory_proofs, 1)},
                {.claimed_cores = claimed_cores, .heard = epoch})),
            .linear = with_total(linear_lines(devices, active_slots, popw::parts_per_million, 0))};
}

} // namespace kaisar::points
