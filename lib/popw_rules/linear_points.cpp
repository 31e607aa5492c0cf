#include "popw_rules/linear_points.h"

#include <algorithm>
#include <limits>

namespace kaisar::popw {
namespace {

__extension__ using u128 = unsigned __int128;

constexpr std::uint64_t max_u64 = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t max_points = std::numeric_limits<std::int64_t>::max();

std::uint64_t saturate(u128 value, std::uint64_t limit = max_u64) {
    return value > limit ? limit : static_cast<std::uint64_t>(value);
}

std::uint64_t rate_per_s(std::uint64_t amount, std::uint64_t elapsed_us, Microseconds window) {
    const auto time_us = std::max(elapsed_us, static_cast<std::uint64_t>(window.count()));
    return time_us == 0 ? 0 : saturate(u128{amount} * 1000000 / time_us);
}

const PageShape& pages_of(MemoryKind memory, const Params& params) {
    return memory == MemoryKind::device ? params.device_pages : params.host_pages;
}

} // namespace

AttestedRates attested_rates(const AttestedWork& work, const Params& params) {
    AttestedRates rates;
    rates.macs_per_s = rate_per_s(work.macs, work.compute_us, params.compute_window);
    rates.walk_bytes_per_s = rate_per_s(work.walk_bytes, work.walk_us, params.walk_window);
    if (work.hold == HoldOutcome::held) {
        const auto& pages = pages_of(work.memory, params);
        const auto limit = u128{rates.walk_bytes_per_s} * pages.kappa_numerator / pages.kappa_denominator;
        rates.held_bytes = std::min(work.held_bytes, saturate(limit));
    }
    return rates;
}

std::uint64_t slot_score(const AttestedRates& rates, MemoryKind memory, const Params& params) {
    const u128 sum = u128{params.compute_weight} * (rates.macs_per_s / params.compute_unit_macs_per_s) +
                     u128{params.bandwidth_weight} * (rates.walk_bytes_per_s / params.bandwidth_unit_bytes_per_s) +
                     u128{params.memory_weight} * (rates.held_bytes / pages_of(memory, params).points_unit_bytes);
    return saturate(sum / 100);
}

std::uint64_t mean_score(std::span<const std::uint64_t> scores, std::uint64_t active_slots) {
    if (active_slots == 0) return 0;
    u128 sum = 0;
    for (auto score : scores) sum += score;
    return saturate(sum / active_slots);
}

std::uint64_t availability_ppm(std::uint64_t seen, std::uint64_t expected) {
    if (expected == 0) return 0;
    return saturate(u128{seen} * parts_per_million / expected, parts_per_million);
}

std::uint64_t epoch_points(std::uint64_t mean, std::uint64_t availability, std::uint64_t quality) {
    const u128 factor = u128{std::min(availability, parts_per_million)} * std::min(quality, parts_per_million);
    return saturate(u128{mean} * factor / (u128{parts_per_million} * parts_per_million), max_points);
}

RewardShares share_pool(std::uint64_t pool, std::span<const std::uint64_t> points) {
    RewardShares shares{std::vector<std::uint64_t>(points.size(), 0), pool};
    u128 sum = 0;
    for (auto each : points) sum += each;
    if (sum == 0) return shares;
    for (std::size_t i = 0; i < points.size(); ++i) {
        shares.rewards[i] = static_cast<std::uint64_t>(u128{pool} * points[i] / sum);
        shares.remainder -= shares.rewards[i];
    }
    return shares;
}

} // namespace kaisar::popw
