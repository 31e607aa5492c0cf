#include "points/published_points.h"

#include <catch2/catch.hpp>
#include <limits>

using namespace kaisar::points;

namespace {

constexpr std::uint64_t giga = 1'000'000'000;
constexpr std::uint64_t mega = 1'000'000;
constexpr std::uint64_t micro = 1'000'000;
constexpr std::chrono::hours two_weeks{336};

std::uint64_t score_of(const AttestedMachine& machine, std::size_t term) {
    return published_points(machine, {}).terms[term].score_milli;
}

std::uint64_t bandwidth_score(std::uint64_t down_mbit, std::uint64_t up_mbit) {
    return score_of({.bandwidth = AttestedBandwidth{down_mbit * mega, up_mbit * mega}}, 0);
}
std::uint64_t core_score(std::uint64_t cores) {
    return score_of({.claimed_cores = cores, .cpu_macs_per_s = cores * reference_core_macs_per_s}, 1);
}
std::uint64_t gpu_score(std::vector<AttestedGpu> gpus) { return score_of({.gpus = std::move(gpus)}, 2); }
std::uint64_t disk_score(std::uint64_t gigabytes) { return score_of({.disk_bytes = gigabytes * giga}, 3); }
std::uint64_t memory_score(std::uint64_t gigabytes) { return score_of({.memory_bytes = gigabytes * giga}, 4); }

/// What a device of that class attests in practice: 60 % of its data sheet, 85 % of its memory.
AttestedGpu gpu(std::uint64_t sheet_gmacs, std::uint64_t memory_gb) {
    return {.macs_per_s = sheet_gmacs * giga / 100 * 60, .held_bytes = memory_gb * giga / 100 * 85};
}
const AttestedGpu h100 = gpu(989'500, 80);
const AttestedGpu rtx_4090 = gpu(330'000, 24);

AttestedMachine best_machine() {
    return {.bandwidth = AttestedBandwidth{1600 * mega, 1200 * mega},
            .claimed_cores = 192,
            .cpu_macs_per_s = 192 * reference_core_macs_per_s,
            .gpus = {h100},
            .disk_bytes = 20'000 * giga,
            .memory_bytes = 1024 * giga};
}

} // namespace

TEST_CASE("one H100 with the best of everything multiplies its hours by 34.0") {
    const auto points = published_points(best_machine(), {.uptime = two_weeks});
    CHECK(points.multiplier_milli == 34'000);
    CHECK(points.micro_points == 11'424 * micro);
}

TEST_CASE("a hundred hours of jobs count three times beside the uptime") {
    CHECK(published_points(best_machine(), {.uptime = two_weeks, .job_time = std::chrono::hours(100)}).micro_points ==
          21'624 * micro);
}

TEST_CASE("the full stake doubles the points, and more than the full stake does no more") {
    const WorkedTime full{.uptime = two_weeks, .job_time = std::chrono::hours(100), .stake_ppm = 1'000'000};
    CHECK(published_points(best_machine(), full).micro_points == 43'248 * micro);
    auto beyond = full;
    beyond.stake_ppm = 5'000'000;
    CHECK(published_points(best_machine(), beyond).micro_points == 43'248 * micro);
}

TEST_CASE("an RTX 4090 on a line of 400/300 multiplies its hours by 4.05") {
    const AttestedMachine machine{.bandwidth = AttestedBandwidth{400 * mega, 300 * mega},
                                  .claimed_cores = 16,
                                  .cpu_macs_per_s = 16 * reference_core_macs_per_s,
                                  .gpus = {rtx_4090},
                                  .disk_bytes = 1000 * giga,
                                  .memory_bytes = 64 * giga};
    const auto points = published_points(machine, {.uptime = two_weeks});
    CHECK(points.multiplier_milli == 4'050);
    CHECK(points.micro_points == 1'360'800'000);
}

TEST_CASE("a machine without a GPU at the lowest tiers multiplies its hours by 1.0") {
    const AttestedMachine machine{.bandwidth = AttestedBandwidth{75 * mega, 75 * mega},
                                  .claimed_cores = 2,
                                  .cpu_macs_per_s = 2 * reference_core_macs_per_s};
    const auto points = published_points(machine, {.uptime = two_weeks});
    CHECK(points.multiplier_milli == 1'000);
    CHECK(points.micro_points == 336 * micro);
}

TEST_CASE("the lower edge of a bandwidth tier belongs to it, and the worse direction decides") {
    CHECK(bandwidth_score(1600, 1200) == 800);
    CHECK(bandwidth_score(1599, 1200) == 600);
    CHECK(bandwidth_score(1600, 1199) == 600);
    CHECK(bandwidth_score(800, 600) == 600);
    CHECK(bandwidth_score(799, 10'000) == 400);
    CHECK(bandwidth_score(400, 300) == 400);
    CHECK(bandwidth_score(10'000, 299) == 200);
    CHECK(bandwidth_score(75, 75) == 200);
    CHECK(bandwidth_score(74, 10'000) == 0);
    CHECK(bandwidth_score(10'000, 74) == 0);
}

TEST_CASE("bandwidth that nobody measured scores nothing, memory and disk that nobody measured score the lowest tier") {
    CHECK(score_of({}, 0) == 0);
    CHECK(score_of({}, 3) == 200);
    CHECK(score_of({}, 4) == 200);
}

TEST_CASE("the lower edge of a tier of cores, disk or memory belongs to it") {
    CHECK(core_score(128) == 800);
    CHECK(core_score(127) == 600);
    CHECK(core_score(64) == 600);
    CHECK(core_score(63) == 400);
    CHECK(core_score(32) == 400);
    CHECK(core_score(31) == 200);
    CHECK(disk_score(10'240) == 800);
    CHECK(disk_score(10'239) == 600);
    CHECK(disk_score(5'120) == 600);
    CHECK(disk_score(5'119) == 400);
    CHECK(disk_score(512) == 400);
    CHECK(disk_score(511) == 200);
    CHECK(memory_score(512) == 800);
    CHECK(memory_score(511) == 600);
    CHECK(memory_score(128) == 600);
    CHECK(memory_score(127) == 400);
    CHECK(memory_score(32) == 400);
    CHECK(memory_score(31) == 200);
}

TEST_CASE("claimed cores count as far as the attested throughput carries them") {
    CHECK(attested_cores(128, 128 * reference_core_macs_per_s) == 128);
    CHECK(attested_cores(128, 4 * reference_core_macs_per_s) == 4);
    CHECK(attested_cores(4, 128 * reference_core_macs_per_s) == 4);
    CHECK(attested_cores(8, 1) == 1);
    CHECK(attested_cores(8, 0) == 0);
    CHECK(score_of({.claimed_cores = 128}, 1) == 0);
}

TEST_CASE("a GPU belongs to the highest class whose throughput and memory it attests") {
    CHECK(gpu_score({}) == 0);
    CHECK(gpu_score({h100}) == 10'000);
    CHECK(gpu_score({gpu(312'000, 80)}) == 5'000);
    CHECK(gpu_score({gpu(149'650, 48)}) == 2'000);
    CHECK(gpu_score({gpu(130'500, 48)}) == 1'000);
    CHECK(gpu_score({rtx_4090}) == 750);
    CHECK(gpu_score({gpu(111'100, 24)}) == 750);
    CHECK(gpu_score({gpu(195'000, 16)}) == 500);
    CHECK(gpu_score({gpu(65'000, 16)}) == 400);
    CHECK(gpu_score({gpu(10'000, 8)}) == 250);
}

TEST_CASE("throughput without the memory, or memory without the throughput, does not reach a class") {
    CHECK(gpu_score({{.macs_per_s = h100.macs_per_s, .held_bytes = 0}}) == 250);
    CHECK(gpu_score({{.macs_per_s = 1, .held_bytes = h100.held_bytes}}) == 250);
    CHECK(gpu_score({{.macs_per_s = 0, .held_bytes = h100.held_bytes}}) == 0);
}

TEST_CASE("several GPUs add up") {
    CHECK(gpu_score({h100, h100, rtx_4090}) == 20'750);
    CHECK(gpu_score(std::vector<AttestedGpu>(8, h100)) == 80'000);
}

TEST_CASE("the terms add up to the points exactly, whatever the time") {
    for (const auto seconds : {0, 1, 59, 300, 3599, 3601, 1'209'600}) {
        const auto points =
            published_points(best_machine(), {.uptime = std::chrono::seconds(seconds), .stake_ppm = 333'333});
        std::uint64_t sum = 0;
        for (const auto& term : points.terms) sum += term.micro_points;
        CHECK(points.micro_points == sum);
        CHECK(points.terms.size() == 5);
    }
}

TEST_CASE("no time gives no points, and points beyond 64 bits stay at the largest number") {
    CHECK(published_points(best_machine(), {}).micro_points == 0);
    CHECK(published_points(best_machine(), {.uptime = std::chrono::seconds(-5)}).micro_points == 0);
    const std::chrono::seconds ages(std::numeric_limits<std::int64_t>::max() / 4);
    CHECK(published_points(best_machine(), {.uptime = ages}).micro_points == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("the published score of every model is on record") {
    const std::pair<std::string_view, std::uint64_t> published[] = {{"H100 80GB SXM", 10'000},
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
                                                                    {"GTX 1080", 250}};
    for (const auto& [model, score] : published) CHECK(find_published_gpu_score(model) == score);
    CHECK_FALSE(find_published_gpu_score("H200"));
}
