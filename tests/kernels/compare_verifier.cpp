// What a verifier spends on one core, by its processor time: on a proof of the largest profile with memory, on each
// kind of processor, and on junk. The proof is a rehearsal's, so its rounds are really computed: with AMX that takes
// some ten seconds.
//
//     compare_verifier [profile [memory in MiB]]
#include "interleaved.h"
#include "popw_devices/rehearsal.h"

#include <fmt/format.h>
#include <random>
#include <thread>

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::tests;

namespace {

constexpr int junk_count = 100000;

ProofFile make_proof(const Params& params, const Profile& profile, std::uint64_t memory_bytes) {
    RehearsalOptions options;
    options.params = params;
    options.params.profiles = {profile.id};
    options.threads = std::thread::hardware_concurrency();
    options.profile_id = profile.id;
    options.memory_limit_bytes = memory_bytes;
    options.now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    const auto rehearsal = rehearse(options, choose_primitives(detect_cpu_features()));
    fmt::print("{} rounds of {}, {} MiB held, {} bytes\n", rehearsal.rounds, profile.name,
               rehearsal.verification.held_bytes >> 20, rehearsal.file.proof.size());
    return rehearsal.file;
}

void print_honest(const ProofFile& file, CpuFeatures features, const char* machine) {
    const auto primitives = choose_primitives(features);
    std::vector<double> seconds;
    for (int i = 0; i < 15; ++i) {
        const auto verification = verify_proof_file(file, primitives);
        if (!verification.ok()) return fmt::print("refused: {}\n", verification.detail);
        seconds.push_back(verification.cpu_seconds);
    }
    const auto& p = file.params;
    // From T0 to the end of the walk: the rounds, the filling of the memory, which may last till walk_at, and the walk.
    const auto slot_seconds = std::chrono::duration<double>(p.walk_at + p.walk_window).count();
    fmt::print("{} (gemm_s8 {}, page_fill {}, sha256_many {}): {:.1f} ms; a slot of {:.0f} s is {:.0f} times that\n",
               machine, primitives.gemm_variant, primitives.page_fill_variant, primitives.sha256_many_variant,
               1e3 * median(seconds), slot_seconds, slot_seconds / median(seconds));
    std::fflush(stdout);
}

/// What the same proof would be with as many rounds, batches and walkers as the constants allow.
void print_largest(const ProofFile& file) {
    const auto& p = file.params;
    const auto proof = decode_proof(file.proof, p).proof;
    auto bytes = file.proof.size() + 32 * (p.round_limit - proof.compute->roots.size());
    if (proof.memory)
        bytes += 32 * (p.batch_limit - proof.memory->roots.size()) +
                 32 * proof.memory->openings.size() * (p.walkers_log2_max - proof.memory->walkers_log2);
    fmt::print("the largest proof of this profile: {} bytes, {:.1f} KiB\n", bytes, static_cast<double>(bytes) / 1024);
}

/// Some bytes changed, the end cut off, or nothing but noise behind an honest header.
Bytes make_junk(const Bytes& honest, std::mt19937_64& random) {
    auto junk = honest;
    const auto kind = random() % 4;
    if (kind == 0) junk.resize(random() % junk.size());
    if (kind == 1)
        for (std::size_t i = 16 + random() % 64; i < junk.size(); ++i) junk[i] = static_cast<std::uint8_t>(random());
    if (kind >= 2)
        for (auto changes = 1 + random() % 8; changes != 0; --changes)
            junk[random() % junk.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
    return junk;
}

void print_junk(ProofFile file) {
    const auto primitives = choose_primitives(detect_cpu_features());
    const auto honest = file.proof;
    std::mt19937_64 random(1);
    std::vector<double> seconds;
    for (int i = 0; i < junk_count; ++i) {
        file.proof = make_junk(honest, random);
        const auto verification = verify_proof_file(file, primitives);
        if (verification.ok()) fmt::print("junk was accepted\n");
        seconds.push_back(verification.cpu_seconds);
    }
    std::ranges::sort(seconds);
    fmt::print("{} pieces of junk: median {:.3f} ms, 99 % below {:.3f} ms, the slowest {:.3f} ms\n", junk_count,
               1e3 * seconds[seconds.size() / 2], 1e3 * seconds[seconds.size() * 99 / 100], 1e3 * seconds.back());
}

} // namespace

int main(int count, char** words) {
    const auto params = *find_params("default");
    const auto* profile = find_profile(count > 1 ? words[1] : "G2");
    if (profile == nullptr) return fmt::print("no profile of that name\n"), 1;
    const auto memory = count > 2 ? std::strtoull(words[2], nullptr, 10) << 20 : std::uint64_t{1} << 30;
    const auto features = detect_cpu_features();
    const auto file = make_proof(params, *profile, memory);
    const auto avx2 = CpuFeature::avx2 | CpuFeature::sha;
    print_honest(file, features, "all of this machine");
    print_honest(file, avx2 | CpuFeature::avx512 | CpuFeature::avx512_vnni, "AVX-512 without AMX");
    print_honest(file, avx2, "AVX2");
    print_largest(file);
    print_junk(file);
}
