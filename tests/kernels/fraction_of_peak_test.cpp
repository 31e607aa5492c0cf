// How much of the register-only ceiling the products reach, on one core, with this compiler. Hidden, because its answer
// means nothing in a build without optimisation or with a sanitizer: suites.py asks for it in others, and so does
//     kernels "[speed]"
#include "each_variant.h"
#include "kernels/gemm_bf16/variants.h"
#include "kernels/gemm_f32/variants.h"
#include "kernels/gemm_f64/variants.h"
#include "kernels/gemm_s8/variants.h"
#include "kernels/peak/variants.h"

#include <algorithm>
#include <ctime>
#include <functional>
#include <map>
#include <random>
#include <type_traits>
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

/// The first fraction that is enough, or the best of several attempts: a neighbour may take the caches for a while,
/// while what a compiler has done to a kernel stays.
template <class Work, class Ceiling>
double best_fraction(double enough, double work_op, Work work, double ceiling_op, Ceiling ceiling) {
    constexpr int attempts = 6;
    double best = 0;
    for (int attempt = 0; attempt < attempts && best <= enough; ++attempt)
        best = std::max(best, fraction(work_op, work, ceiling_op, ceiling));
    return best;
}

const Peak& ceiling_of(std::string_view name) {
    return require_variant(peak_variants(), detect_cpu_features(), name).function;
}

template <class Element>
Element* aligned(std::vector<Element>& memory, std::size_t count) {
    memory.assign(count + 64, Element{1});
    return memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) % 64 / sizeof(Element);
}

template <class Number>
struct Ceiling {
    std::function<void(std::size_t rounds, const Number* a, const Number* b, void* out)> run;
    std::size_t per_round;

    template <class Output>
    Ceiling(void (*peak)(std::size_t, const Number*, const Number*, Output*) noexcept, std::size_t per_round_)
        : run([peak](std::size_t rounds, const Number* a, const Number* b, void* out) {
              peak(rounds, a, b, static_cast<Output*>(out));
          }),
          per_round(per_round_) {}
};

/// Random bits of a number between 1/2 and 1: zeros and ones would be faster.
template <class Number>
std::vector<Number> random_numbers(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Number> numbers(edge * edge);
    for (auto& number : numbers) {
        if constexpr (std::is_integral_v<Number>)
            number = static_cast<Number>((random() & 0x7f) | 0x3f00);
        else
            number = std::uniform_real_distribution<Number>(0.5, 1)(random);
    }
    return numbers;
}

template <class Number, class Kernel, class CeilingOf>
void check_product(std::string_view kernel, std::span<const Variant<Kernel>> table,
                   const std::map<std::string_view, double>& limits, CeilingOf ceiling_function) {
    const auto a = random_numbers<Number>(1), b = random_numbers<Number>(2);
    std::vector<std::conditional_t<std::is_integral_v<Number>, float, Number>> c(edge * edge);
    for (const auto& variant : table) {
        if (!limits.contains(variant.name)) continue;
        if (!detect_cpu_features().includes(variant.required)) {
            WARN("skipped: " << kernel << " " << variant.name << ": this processor cannot execute it");
            continue;
        }
        std::vector<std::uint8_t> memory;
        auto* const workspace = aligned(memory, variant.function.workspace_bytes(edge, edge, edge));
        const auto ceiling = ceiling_function(ceiling_of(variant.name));
        const std::size_t rounds = (std::size_t{1} << 25) / ceiling.per_round;
        double out[8];
        const double reached = best_fraction(
            limits.at(variant.name), 2.0 * edge * edge * edge,
            [&] {
                variant.function.multiply(
                    {edge, edge, edge, a.data(), edge, b.data(), edge, c.data(), edge, workspace});
            },
            static_cast<double>(rounds * ceiling.per_round), [&] { ceiling.run(rounds, a.data(), b.data(), out); });
        WARN(kernel << " " << variant.name << ": " << 100 * reached << " % of the ceiling");
        CHECK(reached > limits.at(variant.name));
    }
}

} // namespace

// The limits lie about a fifth below what was measured (docs/measuring.md): low enough for a busy machine, high enough
// to notice sums that a compiler keeps in memory, which halves every one of these.
TEST_CASE("The int8 product reaches its part of the ceiling", "[.speed]") {
    const std::map<std::string_view, double> limits{
        {"avx2", 0.70}, {"avxvnni", 0.62}, {"avx512vnni", 0.60}, {"amx", 0.20}};
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
        const double reached = best_fraction(
            limits.at(variant.name), 2.0 * edge * edge * edge, [&] { variant.function.multiply(arguments); },
            static_cast<double>(rounds * peak.s8_op_per_round), [&] { peak.s8(rounds, a.data(), b.data(), &sum); });
        WARN("gemm_s8 " << variant.name << ": " << 100 * reached << " % of the ceiling");
        CHECK(reached > limits.at(variant.name));
    }
}

TEST_CASE("The floating-point products reach their part of the ceiling", "[.speed]") {
    check_product<float>("gemm_f32", gemm_f32_variants(), {{"avx2", 0.68}, {"avx512", 0.64}}, [](const Peak& peak) {
        return Ceiling<float>{peak.f32, peak.f32_flop_per_round};
    });
    check_product<double>("gemm_f64", gemm_f64_variants(), {{"avx2", 0.62}, {"avx512", 0.62}}, [](const Peak& peak) {
        return Ceiling<double>{peak.f64, peak.f64_flop_per_round};
    });
    check_product<std::uint16_t>("gemm_bf16", gemm_bf16_variants(),
                                 {{"avx2", 0.68}, {"avx512", 0.66}, {"avx512bf16", 0.75}, {"amx", 0.18}},
                                 [](const Peak& peak) {
                                     return Ceiling<std::uint16_t>{peak.bf16, peak.bf16_flop_per_round};
                                 });
}
