/// Points as Kaisar publishes them, computed from what was attested:
///
///   Worker_Score = (uptime + 3 * job time) * (1 + stake / maximum stake) * (2 A + B + 3 C + D + E)
///
/// with times in hours and A bandwidth, B processor, C graphics, D disk, E memory scored by tiers. All arithmetic is on
/// integers; a point is a million micro-points. docs/decisions/0042-published-points.md settles what the published text
/// leaves open.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kaisar::points {

/// Bits per second that a checker measured in each direction.
struct AttestedBandwidth {
    std::uint64_t down_bits_per_s = 0;
    std::uint64_t up_bits_per_s = 0;
};

/// What the proof of one GPU attests.
struct AttestedGpu {
    std::uint64_t macs_per_s = 0;
    std::uint64_t held_bytes = 0;
};

/// What is known about a worker in an epoch; what nobody attested is left out.
struct AttestedMachine {
    std::optional<AttestedBandwidth> bandwidth;
    std::uint64_t claimed_cores = 0;
    std::uint64_t cpu_macs_per_s = 0;
    std::vector<AttestedGpu> gpus;
    std::optional<std::uint64_t> disk_bytes;
    std::optional<std::uint64_t> memory_bytes;
};

struct WorkedTime {
    std::chrono::seconds uptime{0};
    std::chrono::seconds job_time{0};
    /// Parts per million of the largest stake; more than all of it counts as all.
    std::uint64_t stake_ppm = 0;
};

/// One term of the sum: what was attested, the tier it reaches, and what that is worth.
struct PointsTerm {
    std::string what;
    std::string attested;
    std::string tier;
    std::uint64_t score_milli = 0; ///< thousandths: 0.8 is 800
    std::uint64_t weight = 0;
    std::uint64_t micro_points = 0;
};

struct PublishedPoints {
    std::vector<PointsTerm> terms; ///< bandwidth, cpu, gpu, disk, memory
    std::uint64_t multiplier_milli = 0;
    std::uint64_t micro_points = 0; ///< the terms' sum
};

PublishedPoints published_points(const AttestedMachine& machine, const WorkedTime& time);

/// The processor cores that count: as many as claimed, as far as the attested throughput carries them.
std::uint64_t attested_cores(std::uint64_t claimed_cores, std::uint64_t cpu_macs_per_s);

/// A core of the slowest kind that the tiers are meant for (AVX2 without VNNI, hashing included) attests at least this.
inline constexpr std::uint64_t reference_core_macs_per_s = 25'000'000'000;

/// Kaisar's own score by model, for the record and for comparing a claim with what was attested; in thousandths.
std::optional<std::uint64_t> find_published_gpu_score(std::string_view model);

} // namespace kaisar::points
