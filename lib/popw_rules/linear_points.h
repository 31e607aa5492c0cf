/// The linear points policy: additive integers, so that splitting a device over identities gains nothing.
///
/// All divisions round down, all products are 128 bits wide, and what would not fit 64 bits stays at its maximum.
#pragma once

#include "popw_rules/params.h"

#include <span>

namespace kaisar::popw {

enum class HoldOutcome { missed, held };
enum class MemoryKind { host, device };

/// What verdicts attest about one device in one slot.
struct AttestedWork {
    std::uint64_t macs = 0;
    std::uint64_t compute_us = 0;
    std::uint64_t walk_bytes = 0;
    std::uint64_t walk_us = 0;
    std::uint64_t held_bytes = 0;
    HoldOutcome hold = HoldOutcome::missed;
    MemoryKind memory = MemoryKind::host;
};

struct AttestedRates {
    std::uint64_t macs_per_s = 0;
    std::uint64_t walk_bytes_per_s = 0;
    std::uint64_t held_bytes = 0; ///< limited to kappa seconds of walk_bytes_per_s
    bool operator==(const AttestedRates&) const = default;
};

/// Work over the longer of the measured time and the phase's window.
AttestedRates attested_rates(const AttestedWork& work, const Params& params);

/// Weighted sum in points; in a slot without a memory phase the caller fills in the epoch's last memory figures.
std::uint64_t slot_score(const AttestedRates& rates, MemoryKind memory, const Params& params);

/// Sum of a device's scores over the epoch's active slots; a missing slot counts as zero.
std::uint64_t mean_score(std::span<const std::uint64_t> scores, std::uint64_t active_slots);

inline constexpr std::uint64_t parts_per_million = 1000000;

/// Heartbeats seen over heartbeats expected, in parts per million, at most all of them.
std::uint64_t availability_ppm(std::uint64_t seen, std::uint64_t expected);

std::uint64_t epoch_points(std::uint64_t mean, std::uint64_t availability, std::uint64_t quality);

struct RewardShares {
    std::vector<std::uint64_t> rewards; ///< in the order of the points given
    std::uint64_t remainder = 0;        ///< carried into the next epoch's pool
};

/// Shares the pool by points, rounding down: rewards and remainder add up to the pool exactly.
RewardShares share_pool(std::uint64_t pool, std::span<const std::uint64_t> points);

} // namespace kaisar::popw
