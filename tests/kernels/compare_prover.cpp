// The compute prover against the register-only ceiling of its product's instruction set: how much of the arithmetic
// ends up attested. By processor time of all threads together, so that neither neighbours nor waiting at barriers
// count; and where the rest goes: the product alone, on blocks in the prover's order, the hash and the generator.
//
//     compare_prover [profile [variant …]]
#include "ceiling.h"
#include "popw/compute_prover.h"
#include "popw_work/huge_array.h"

#include <fmt/format.h>
#include <numeric>
#include <thread>

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::tests;

namespace {

constexpr double beside_seconds = 4e-4;

double process_cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Efficiency {
    double macs_per_s, beside, alone;
};

/// The ceiling's multiply-accumulates a processor second and core, with so many cores at it.
double ceiling_rate(const Contender& ceiling, unsigned threads) {
    std::vector<double> rates(threads);
    {
        std::vector<std::jthread> others;
        for (unsigned i = 1; i < threads; ++i) others.emplace_back([&, i] { rates[i] = timed_rate(ceiling, 1); });
        rates[0] = timed_rate(ceiling, 1);
    }
    const double sum = std::accumulate(rates.begin(), rates.end(), 0.0);
    return sum / threads / 2; // a ceiling counts two operations a multiply-accumulate
}

/// Operations a processor second of one round, against the ceiling right after it and against the ceiling 20 ms long,
/// each on as many cores.
Efficiency measure(const Primitives& primitives, const Profile& profile, unsigned threads, const kernels::Peak& peak) {
    ComputeProver prover(primitives, profile, threads);
    const auto beside = int8_ceiling(peak, beside_seconds), alone = int8_ceiling(peak, 2e-2);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
    const auto rounds =
        static_cast<std::uint32_t>(std::max<std::uint64_t>(1, (std::uint64_t{1} << 35) / profile.macs_per_round()));
    std::vector<double> rates, to_beside, to_alone;
    for (int round = 0; round < 12; ++round) {
        const double start = process_cpu_seconds();
        const auto run = prover.run({static_cast<std::uint8_t>(round)}, {.deadline = deadline, .round_limit = rounds});
        const double rate = static_cast<double>(run.macs()) / (process_cpu_seconds() - start);
        const double beside_rate = ceiling_rate(beside, threads), alone_rate = ceiling_rate(alone, threads);
        if (round == 0) continue; // caches and clock are not yet what they will be
        rates.push_back(rate);
        to_beside.push_back(rate / beside_rate);
        to_alone.push_back(rate / alone_rate);
    }
    return {median(rates), median(to_beside), median(to_alone)};
}

/// Seconds that a tile costs beside its products: the hash of its leaf and the tree above it; its share of the
/// operands.
void print_parts(const Primitives& primitives, const Profile& profile) {
    const TreeHasher hasher(primitives);
    const HugeArray<std::int32_t> c(superblock_side * superblock_side);
    const HugeArray<std::int8_t> rows(std::size_t{64} * profile.k);
    std::array<Bytes32, superblock_tiles> leaves;
    const auto timings =
        time_in_turns({{"hash", superblock_tiles,
                        [&] {
                            hash_superblock(hasher, c.data(), superblock_side, leaves.data());
                            hasher.fold(leaves);
                        }},
                       {"generator", 64.0 * profile.k,
                        [&] { generate_rows(primitives, {}, Operand::a, profile, 0, 64, rows.data()); }}},
                      31, 2e-3);
    const double tile_bytes = 2.0 * profile.k * profile.m / static_cast<double>(profile.tiles());
    fmt::print("    hash {:.0f} ns a tile, generator {:.2f} GB/s: {:.0f} ns a tile\n", 1e9 / timings[0].rate,
               timings[1].rate / 1e9, 1e9 * tile_bytes / timings[1].rate);
}

} // namespace

int main(int count, char** words) {
    const auto features = detect_cpu_features();
    const auto* profile = find_profile(count > 1 ? words[1] : "C2");
    if (profile == nullptr) return fmt::print("no profile of that name\n"), 1;
    std::vector<std::string_view> names{"avx2", "avx512vnni", "amx"};
    if (count > 2) names.assign(words + 2, words + count);
    const unsigned cores = std::thread::hardware_concurrency();
    for (const auto name : names) {
        const auto& peak = kernels::require_variant(kernels::peak_variants(), features, name).function;
        const auto primitives = choose_primitives(features, name);
        for (const unsigned threads : {1u, cores}) {
            const auto e = measure(primitives, *profile, threads, peak);
            fmt::print(
                "{} {}, {} threads: {:.1f} 10^9 MAC/s a core, {:.3f} of the ceiling beside, {:.3f} of the one alone\n",
                profile->name, name, threads, e.macs_per_s / 1e9, e.beside, e.alone);
            std::fflush(stdout);
        }
        print_parts(primitives, *profile);
    }
}
