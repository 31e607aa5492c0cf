// The ceilings: what registers allow, each against its closed form.
#include "kernels/peak/variants.h"
#include "workloads/job.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

namespace kaisar {
namespace {

using kernels::best_variant;
using kernels::require_variant;

/// Plain code is compared with what the machine can do; a variant with the ceiling of its own instruction set.
const kernels::Variant<kernels::Peak>& ceiling_for(const JobSettings& s) {
    const auto table = kernels::peak_variants();
    if (s.variant.empty()) return best_variant(table, s.features);
    return require_variant(table, s.features, s.variant);
}

constexpr std::uint64_t rounds_of_peak = 4096; // in one round of the job: some microseconds

struct Int8Peak {
    std::array<std::int8_t, 16> a, b;
    struct alignas(64) Answer {
        std::uint64_t rounds = 0;
        std::uint32_t sum = 0;
    };
    std::vector<Answer> answers;
};

template <class Number, std::size_t lanes>
struct FloatPeak {
    std::array<Number, lanes> factor, term;
    struct alignas(64) Answer {
        std::array<Number, lanes> x{};
    };
    std::vector<Answer> answers;
};

struct Bfloat16Peak {
    std::array<std::uint16_t, 16> a, b;
    std::int64_t dot = 0;
    struct alignas(64) Answer {
        std::uint64_t rounds = 0;
        double sum = 0;
    };
    std::vector<Answer> answers;
};

/// Chains of x = factor * x + term, whose limit is known. `tolerance` is what rounding leaves of the limit, which
/// thousands of rounds have long reached.
template <class Number, std::size_t lanes, class Kernel>
Job make_float_peak(const JobSettings& s, std::string_view variant, Kernel kernel, std::size_t flop_per_round,
                    std::uint64_t seed, Number tolerance) {
    const auto peak = std::make_shared<FloatPeak<Number, lanes>>();
    Splitmix random(seed);
    const auto unit = [&] { return static_cast<Number>(random.next() >> 40) * static_cast<Number>(0x1p-24); };
    for (auto& value : peak->factor) value = static_cast<Number>(0.25) + static_cast<Number>(0.5) * unit();
    for (auto& value : peak->term) value = unit();
    peak->answers.resize(s.team.size());
    Job job;
    job.variant = variant;
    job.work_per_round = static_cast<double>(rounds_of_peak * flop_per_round * s.team.size());
    job.run = [peak, kernel](unsigned thread, std::uint64_t rounds) {
        kernel(rounds * rounds_of_peak, peak->factor.data(), peak->term.data(), peak->answers[thread].x.data());
    };
    job.poison = [peak] {
        for (auto& answer : peak->answers) answer.x.fill(-1);
    };
    job.has_right_answers = [peak, tolerance] {
        for (const auto& answer : peak->answers)
            for (std::size_t i = 0; i < lanes; ++i) {
                const Number limit = peak->term[i] / (1 - peak->factor[i]);
                if (!(std::abs(answer.x[i] - limit) <= tolerance * (1 + std::abs(limit)))) return false;
            }
        return true;
    };
    return job;
}

/// A whole number of at most 8 in magnitude, as bfloat16: the upper half of the float's bits.
std::uint16_t to_bf16(int value) {
    const auto number = static_cast<float>(value);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    return static_cast<std::uint16_t>(bits >> 16);
}

} // namespace

Job make_peak_s8(const JobSettings& s) {
    const auto& variant = ceiling_for(s);
    const auto kernel = variant.function;
    const auto peak = std::make_shared<Int8Peak>();
    Splitmix random(11);
    for (auto& value : peak->a) value = static_cast<std::int8_t>(random.next() >> 56);
    for (auto& value : peak->b) value = static_cast<std::int8_t>(random.next() >> 56);
    peak->answers.resize(s.team.size());
    Job job;
    job.variant = variant.name;
    job.work_per_round = static_cast<double>(rounds_of_peak * kernel.s8_op_per_round * s.team.size());
    job.run = [peak, kernel](unsigned thread, std::uint64_t rounds) {
        auto& answer = peak->answers[thread];
        answer.rounds = rounds * rounds_of_peak;
        kernel.s8(answer.rounds, peak->a.data(), peak->b.data(), &answer.sum);
    };
    job.poison = [peak] {
        for (auto& answer : peak->answers) answer.sum = ~answer.sum;
    };
    job.has_right_answers = [peak, kernel] {
        std::int64_t dot = 0;
        for (std::size_t i = 0; i < peak->a.size(); ++i) dot += peak->a[i] * peak->b[i];
        return std::all_of(peak->answers.begin(), peak->answers.end(), [&](const auto& answer) {
            const auto times = answer.rounds * (kernel.s8_op_per_round / 32);
            return answer.sum == static_cast<std::uint32_t>(static_cast<std::uint64_t>(dot) * times);
        });
    };
    return job;
}

Job make_peak_f32(const JobSettings& s) {
    const auto& variant = ceiling_for(s);
    const auto& kernel = variant.function;
    return make_float_peak<float, 8>(s, variant.name, kernel.f32, kernel.f32_flop_per_round, 12, 1e-5f);
}

Job make_peak_f64(const JobSettings& s) {
    const auto& variant = ceiling_for(s);
    const auto& kernel = variant.function;
    return make_float_peak<double, 4>(s, variant.name, kernel.f64, kernel.f64_flop_per_round, 13, 1e-14);
}

Job make_peak_bf16(const JobSettings& s) {
    const auto& variant = ceiling_for(s);
    const auto kernel = variant.function;
    const auto peak = std::make_shared<Bfloat16Peak>();
    Splitmix random(15);
    for (std::size_t i = 0; i < peak->a.size(); ++i) {
        const int left = static_cast<int>(random.next() % 17) - 8, right = static_cast<int>(random.next() % 17) - 8;
        peak->a[i] = to_bf16(left), peak->b[i] = to_bf16(right);
        peak->dot += left * right;
    }
    peak->answers.resize(s.team.size());
    Job job;
    job.variant = variant.name;
    job.work_per_round = static_cast<double>(rounds_of_peak * kernel.bf16_flop_per_round * s.team.size());
    job.run = [peak, kernel](unsigned thread, std::uint64_t rounds) {
        auto& answer = peak->answers[thread];
        answer.rounds = rounds * rounds_of_peak;
        kernel.bf16(answer.rounds, peak->a.data(), peak->b.data(), &answer.sum);
    };
    job.poison = [peak] {
        for (auto& answer : peak->answers) answer.sum = 0.5; // never a sum of whole numbers
    };
    job.has_right_answers = [peak, kernel] {
        return std::all_of(peak->answers.begin(), peak->answers.end(), [&](const auto& answer) {
            const auto times = static_cast<double>(answer.rounds * (kernel.bf16_flop_per_round / 32));
            return answer.sum == static_cast<double>(peak->dot) * times;
        });
    };
    return job;
}

} // namespace kaisar
