// How much of the register-only ceiling the products reach, on one core, with this compiler. Hidden, because its answer
// means nothing in a build without optimisation or with a sanitizer: run it with  kernels "[speed]"
#include "each_variant.h"
#include "kernels/gemm_f32/variants.h"
#include "kernels/gemm_s8/variants.h"
#include "kernels/peak/variants.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <vector>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;

namespace {

constexpr std::size_t edge = 512;

double thread_cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Median ratio of two rates that are timed in turn, so that whatever slows the machine slows both.
template <class Work, class Ceiling>
double fraction(double work_op, Work work, double ceiling_op, Ceiling ceiling) {
    std::vector<double> ratios;
    for (int round = 0; round < 15; ++round) {
        const double start = thread_cpu_seconds();
        ceiling();
        const double middle = thread_cpu_seconds();
        work();
        const double end = thread_cpu_seconds();
        ratios.push_back(work_op / (end - middle) / (ceiling_op / (middle - start)));
    }
    std::nth_element(ratios.begin(), ratios.begin() + 7, ratios.end());
    return ratios[7];
}

const Peak& ceiling_of(std::string_view name) {
    return require_variant(peak_variants(), detect_cpu_features(), name).function;
}

template <class Element>
Element* aligned(std::vector<Element>& memory, std::size_t count) {
    memory.assign(count + 64, Element{1});
    return memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) % 64 / sizeof(Element);
}

} // namespace

// The limits lie about a tenth below what was measured (docs/measuring.md): low enough for a busy machine, high enough
// to notice sums that a compiler keeps in memory, which halves every one of these.
TEST_CASE("The int8 product reaches its part of the ceiling", "[.speed]") {
    const std::map<std::string_view, double> limits{
        {"avx2", 0.80}, {"avxvnni", 0.75}, {"avx512vnni", 0.70}, {"amx", 0.28}};
    for (const auto& variant : gemm_s8_variants()) {
        if (!limits.contains(variant.name)) continue;
        if (!detect_cpu_features().includes(variant.required)) {
            WARN("skipped: gemm_s8 " << variant.name << ": this processor cannot execute it");
            continue;
        }
        std::vector<std::int8_t> a(edge * edge, 3), b(edge * edge, -5);
        std::vector<std::int32_t> c(edge * edge);
        std::vector<std::uint8_t> memory;
        const GemmS8Arguments arguments{
            edge,     edge, edge,     a.data(), edge,
            b.data(), edge, c.data(), edge,     aligned(memory, variant.function.workspace_bytes(edge, edge, edge))};
        const auto& peak = ceiling_of(variant.name);
        const std::size_t rounds = (std::size_t{1} << 27) / peak.s8_op_per_round;
        std::uint32_t sum = 0;
        const double reached = fraction(
            2.0 * edge * edge * edge, [&] { variant.function.multiply(arguments); },
            static_cast<double>(rounds * peak.s8_op_per_round), [&] { peak.s8(rounds, a.data(), b.data(), &sum); });
        WARN("gemm_s8 " << variant.name << ": " << 100 * reached << " % of the ceiling");
        CHECK(reached > limits.at(variant.name));
    }
}

TEST_CASE("The float product reaches its part of the ceiling", "[.speed]") {
    const std::map<std::string_view, double> limits{{"avx2", 0.70}, {"avx512", 0.58}};
    for (const auto& variant : gemm_f32_variants()) {
        if (!limits.contains(variant.name)) continue;
        if (!detect_cpu_features().includes(variant.required)) {
            WARN("skipped: gemm_f32 " << variant.name << ": this processor cannot execute it");
            continue;
        }
        std::vector<float> a(edge * edge, 0.5f), b(edge * edge, 0.25f), c(edge * edge);
        std::vector<std::uint8_t> memory;
        const GemmF32Arguments arguments{
            edge,     edge, edge,     a.data(), edge,
            b.data(), edge, c.data(), edge,     aligned(memory, variant.function.workspace_bytes(edge, edge, edge))};
        const auto& peak = ceiling_of(variant.name);
        const std::size_t rounds = (std::size_t{1} << 25) / peak.f32_flop_per_round;
        float out[8];
        const double reached = fraction(
            2.0 * edge * edge * edge, [&] { variant.function.multiply(arguments); },
            static_cast<double>(rounds * peak.f32_flop_per_round), [&] { peak.f32(rounds, a.data(), b.data(), out); });
        WARN("gemm_f32 " << variant.name << ": " << 100 * reached << " % of the ceiling");
        CHECK(reached > limits.at(variant.name));
    }
}
