#include "points/published_points.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>
#include <span>

namespace kaisar::points {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t giga = 1'000'000'000;
constexpr std::uint64_t mega = 1'000'000;
constexpr std::uint64_t weight_bandwidth = 2;
constexpr std::uint64_t weight_cpu = 1;
constexpr std::uint64_t weight_gpu = 3;
constexpr std::uint64_t weight_disk = 1;
constexpr std::uint64_t weight_memory = 1;
constexpr std::int64_t weight_job_time = 3;
constexpr std::uint64_t whole_stake_ppm = 1'000'000;

struct Tier {
    std::uint64_t from; ///< a value on the edge belongs to the higher tier
    std::uint64_t score_milli;
    std::string_view name;
};

// Best first, as published; what reaches no row scores nothing.
constexpr std::array<Tier, 4> download_tiers{
    {{1600 * mega, 800, "1600"}, {800 * mega, 600, "800"}, {400 * mega, 400, "400"}, {75 * mega, 200, "75"}}};
constexpr std::array<Tier, 4> upload_tiers{
    {{1200 * mega, 800, "1200"}, {600 * mega, 600, "600"}, {300 * mega, 400, "300"}, {75 * mega, 200, "75"}}};
constexpr std::array<Tier, 4> core_tiers{
    {{128, 800, "128 and more"}, {64, 600, "64-128"}, {32, 400, "32-64"}, {1, 200, "under 32"}}};
constexpr std::array<Tier, 4> disk_tiers{{{10240 * giga, 800, "10240 GB and more"},
                                          {5120 * giga, 600, "5120-10240 GB"},
                                          {512 * giga, 400, "512-5120 GB"},
                                          {0, 200, "under 512 GB"}}};
constexpr std::array<Tier, 4> memory_tiers{{{512 * giga, 800, "512 GB and more"},
                                            {128 * giga, 600, "128-512 GB"},
                                            {32 * giga, 400, "32-128 GB"},
                                            {0, 200, "under 32 GB"}}};

/// A class of GPUs by what its reference device does: dense INT8 multiply-accumulates per second by its data sheet, and
/// memory.
struct GpuClass {
    std::uint64_t score_milli;
    std::string_view reference;
    std::uint64_t macs_per_s;
    std::uint64_t memory_bytes;
};

// Highest score first: a device belongs to the first class that it reaches.
constexpr std::array<GpuClass, 8> gpu_classes{{{10'000, "H100", 989'500 * giga, 80 * giga},
                                               {5'000, "A100", 312'000 * giga, 80 * giga},
                                               {2'000, "A40", 149'650 * giga, 48 * giga},
                                               {1'000, "RTX 8000", 130'500 * giga, 48 * giga},
                                               {750, "RTX A5000", 111'100 * giga, 24 * giga},
                                               {500, "RTX 4080", 195'000 * giga, 16 * giga},
                                               {400, "T4", 65'000 * giga, 16 * giga},
                                               {250, "any GPU", 1, 0}}};
/// The part of the reference's figures that reaches its class: a proof attests what is sustained with hashing (about 60
/// % of a data sheet), and claims by default 85 % of the memory that is free.
constexpr std::uint64_t class_rate_percent = 55;
constexpr std::uint64_t class_memory_percent = 60;

struct ModelScore {
    std::string_view model;
    std::uint64_t score_milli;
};
constexpr std::array<ModelScore, 25> published_models{{{"H100 80GB SXM", 10'000},
                                                       {"H100 80GB PCIe", 10'000},
                                                       {"A100 80GB PCIe", 5'000},
                                                       {"A100 80GB NVLink", 5'000},
                                                       {"A40", 2'000},
                                                       {"RTX A6000", 1'500},
                                                       {"RTX A8000", 1'000},
                                                       {"RTX A5000", 750},
                                                       {"A10", 750},
                                                       {"RTX 4090", 750},
                                                       {"V100", 750},
                                                       {"RTX 4080", 500},
                                                       {"RTX 3090", 500},
                                                       {"RTX A4000", 400},
                                                       {"T4", 400},
                                                       {"RTX 4070S Ti", 250},
                                                       {"RTX 4070", 250},
                                                       {"RTX 4060 Ti", 250},
                                                       {"RTX 3080", 250},
                                                       {"RTX 3070", 250},
                                                       {"RTX 3060 Ti", 250},
                                                       {"P4", 250},
                                                       {"P40", 250},
                                                       {"P100", 250},
                                                       {"GTX 1080", 250}}};

const Tier* find_tier(std::span<const Tier> tiers, std::uint64_t value) {
    const auto tier = std::find_if(tiers.begin(), tiers.end(), [&](const Tier& row) { return value >= row.from; });
    return tier == tiers.end() ? nullptr : &*tier;
}

PointsTerm bandwidth_term(const std::optional<AttestedBandwidth>& bandwidth) {
    PointsTerm term{.what = "bandwidth", .attested = "not attested", .tier = "none", .weight = weight_bandwidth};
    if (!bandwidth) return term;
    term.attested =
        fmt::format("{} Mbit/s down, {} Mbit/s up", bandwidth->down_bits_per_s / mega, bandwidth->up_bits_per_s / mega);
    const auto* down = find_tier(download_tiers, bandwidth->down_bits_per_s);
    const auto* up = find_tier(upload_tiers, bandwidth->up_bits_per_s);
    if (!down || !up) {
        term.tier = "under 75/75 Mbit/s";
        return term;
    }
    // The worse direction decides; both tables have the same rows.
    const auto row = std::max(down - download_tiers.data(), up - upload_tiers.data());
    const auto at = static_cast<std::size_t>(row);
    term.tier = fmt::format("{}/{} Mbit/s", download_tiers[at].name, upload_tiers[at].name);
    term.score_milli = download_tiers[at].score_milli;
    return term;
}

PointsTerm cpu_term(const AttestedMachine& machine) {
    PointsTerm term{.what = "cpu", .attested = "not attested", .tier = "none", .weight = weight_cpu};
    if (machine.cpu_macs_per_s == 0) return term;
    const auto cores = attested_cores(machine.claimed_cores, machine.cpu_macs_per_s);
    term.attested =
        fmt::format("{} of {} cores at {} GMAC/s", cores, machine.claimed_cores, machine.cpu_macs_per_s / giga);
    if (const auto* tier = find_tier(core_tiers, cores)) {
        term.tier = fmt::format("{} cores", tier->name);
        term.score_milli = tier->score_milli;
    }
    return term;
}

PointsTerm gpu_term(const std::vector<AttestedGpu>& gpus) {
    PointsTerm term{.what = "gpu", .attested = "none", .tier = "none", .weight = weight_gpu};
    for (const auto& gpu : gpus) {
        const auto reached = std::find_if(gpu_classes.begin(), gpu_classes.end(), [&](const GpuClass& row) {
            return gpu.macs_per_s >= std::max<std::uint64_t>(1, row.macs_per_s / 100 * class_rate_percent) &&
                   gpu.held_bytes >= row.memory_bytes / 100 * class_memory_percent;
        });
        if (reached == gpu_classes.end()) continue;
        const bool is_first = term.score_milli == 0;
        term.score_milli += reached->score_milli;
        term.tier = fmt::format("{}{}", is_first ? "" : term.tier + ", ", reached->reference);
        term.attested = fmt::format("{}{} GMAC/s with {} GB", is_first ? "" : term.attested + ", ",
                                    gpu.macs_per_s / giga, gpu.held_bytes / giga);
    }
    return term;
}

PointsTerm size_term(std::string what, std::uint64_t weight, std::span<const Tier> tiers,
                     std::optional<std::uint64_t> size_bytes) {
    const auto* tier = find_tier(tiers, size_bytes.value_or(0));
    return {.what = std::move(what),
            .attested = size_bytes ? fmt::format("{} GB", *size_bytes / giga) : "not attested",
            .tier = std::string(tier->name),
            .score_milli = tier->score_milli,
            .weight = weight};
}

std::uint64_t saturate(Wide value) {
    constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
    return value > largest ? largest : static_cast<std::uint64_t>(value);
}

} // namespace

std::uint64_t attested_cores(std::uint64_t claimed_cores, std::uint64_t cpu_macs_per_s) {
    // Rounded up: a machine that attests anything has a core.
    const auto carried =
        cpu_macs_per_s / reference_core_macs_per_s + (cpu_macs_per_s % reference_core_macs_per_s != 0 ? 1 : 0);
    return std::min(claimed_cores, carried);
}

std::optional<std::uint64_t> find_published_gpu_score(std::string_view model) {
    for (const auto& row : published_models)
        if (row.model == model) return row.score_milli;
    return std::nullopt;
}

PublishedPoints published_points(const AttestedMachine& machine, const WorkedTime& time) {
    PublishedPoints points;
    points.terms = {bandwidth_term(machine.bandwidth), cpu_term(machine), gpu_term(machine.gpus),
                    size_term("disk", weight_disk, disk_tiers, machine.disk_bytes),
                    size_term("memory", weight_memory, memory_tiers, machine.memory_bytes)};
    const auto seconds = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, time.uptime.count() + weight_job_time * time.job_time.count()));
    const auto stake_factor_ppm = whole_stake_ppm + std::min(time.stake_ppm, whole_stake_ppm);
    Wide sum = 0;
    for (auto& term : points.terms) {
        const auto share_milli = term.weight * term.score_milli;
        points.multiplier_milli += share_milli;
        // hours * (1 + stake) * share in millionths: s / 3600 * ppm / 10^6 * milli / 10^3 * 10^6
        term.micro_points = saturate(static_cast<Wide>(seconds) * stake_factor_ppm * share_milli / 3'600'000);
        sum += term.micro_points;
    }
    points.micro_points = saturate(sum);
    return points;
}

} // namespace kaisar::points
