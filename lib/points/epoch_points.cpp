#include "points/epoch_points.h"

#include <fmt/format.h>
#include <limits>

namespace kaisar::points {
namespace {

using popw::DeviceKind;

constexpr std::uint64_t micro = 1'000'000;
constexpr std::uint64_t whole_quality = 1'000'000;
constexpr std::uint32_t suspending_strikes = 3;

std::uint64_t mean_of(std::uint64_t sum, std::uint64_t count) { return count == 0 ? 0 : sum / count; }

} // namespace

popw::MemoryKind memory_kind(DeviceKind kind) {
    return kind == DeviceKind::cuda || kind == DeviceKind::device_memory ? popw::MemoryKind::device
                                                                         : popw::MemoryKind::host;
}

void DeviceSums::add(const popw::AttestedRates& rates, const popw::Params& params) {
    macs_per_s += rates.macs_per_s;
    walk_bytes_per_s += rates.walk_bytes_per_s;
    held_bytes += rates.held_bytes;
    if (rates.walk_bytes_per_s != 0) {
        last_memory = rates;
        ++memory_proofs;
    }
    const popw::AttestedRates scored{.macs_per_s = rates.macs_per_s,
                                     .walk_bytes_per_s = last_memory.walk_bytes_per_s,
                                     .held_bytes = last_memory.held_bytes};
    scores.push_back(slot_score(scored, memory_kind(kind), params));
}

AttestedFigures mean_figures(const Devices& devices, const Divisors& slots) {
    AttestedFigures figures;
    for (const auto& [index, device] : devices) {
        figures.macs_per_s += mean_of(device.macs_per_s, slots.active);
        figures.walk_bytes_per_s += mean_of(device.walk_bytes_per_s, slots.memory);
        figures.held_bytes += mean_of(device.held_bytes, slots.memory);
    }
    return figures;
}

std::vector<PointsLine> published_lines(const Devices& devices, const Divisors& slots, const PublishedFacts& facts) {
    AttestedMachine machine{.bandwidth = facts.bandwidth, .claimed_cores = facts.claimed_cores};
    if (slots.active == 0) machine.cpu_macs_per_s = facts.benchmark_macs_per_s;
    for (const auto& [index, device] : devices) {
        const auto macs_per_s = mean_of(device.macs_per_s, slots.active);
        const auto held_bytes = mean_of(device.held_bytes, slots.memory);
        if (device.kind == DeviceKind::cuda) {
            machine.gpus.push_back({.macs_per_s = macs_per_s, .held_bytes = held_bytes});
            continue;
        }
        machine.cpu_macs_per_s += macs_per_s;
        if (held_bytes != 0) machine.memory_bytes = machine.memory_bytes.value_or(0) + held_bytes;
    }
    std::vector<PointsLine> lines;
    for (const auto& term : published_points(machine, {.uptime = facts.heard}).terms)
        lines.push_back({.what = term.what,
                         .attested = term.attested,
                         .tier = fmt::format("{} (score {}.{:03}, weight {})", term.tier, term.score_milli / 1000,
                                             term.score_milli % 1000, term.weight),
                         .micro_points = term.micro_points});
    return lines;
}

std::vector<PointsLine> linear_lines(const Devices& devices, std::uint64_t active_slots, std::uint64_t availability_ppm,
                                     std::uint32_t strikes) {
    const auto quality = strikes == 0 ? whole_quality : strikes < suspending_strikes ? whole_quality / 2 : 0;
    std::vector<PointsLine> lines;
    for (const auto& [index, device] : devices) {
        const auto mean = popw::mean_score(device.scores, active_slots);
        const auto earned = popw::epoch_points(mean, availability_ppm, quality);
        constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
        lines.push_back({.what = fmt::format("device {}", index),
                         .attested = fmt::format("mean score {} over {} active slots", mean, active_slots),
                         .tier = fmt::format("availability {} ppm, quality {} ppm", availability_ppm, quality),
                         .micro_points = earned > largest / micro ? largest : earned * micro});
    }
    return lines;
}

std::uint64_t total_micro_points(const std::vector<PointsLine>& lines) {
    std::uint64_t sum = 0;
    for (const auto& line : lines) sum += line.micro_points;
    return sum;
}

} // namespace kaisar::points
