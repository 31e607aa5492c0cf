// Products on a GPU, and what its registers allow of each kind.
#include "devices/device_inputs.h"
#include "devices/known_cases.h"

#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <memory>

namespace kaisar {
namespace {

using kernels::DeviceAddress;
using kernels::DeviceArray;
using kernels::DeviceNumber;
using kernels::DeviceStream;
using kernels::Lane;
using on_device::all_right;
using on_device::block;
using on_device::download;
using on_device::Generator;

/// Inputs in rows of k, the second operand's columns too.
struct Product {
    Product(const DeviceJobSettings& s, const Job& job, std::size_t element_bytes)
        : generator(s.device, s.features), row_bytes(job.k * element_bytes), a(s.device, job.m * row_bytes),
          b(s.device, job.n * row_bytes), c(s.device, 4 * job.m * job.n) {
        generator.fill(a, job.m * row_bytes, 1);
        generator.fill(b, job.n * row_bytes, 2);
    }
    /// A row of a (nonce 1) or b (nonce 2), as it came from the generator.
    Bytes row(std::uint64_t nonce, std::size_t i) const {
        return generator.expected(nonce, i * row_bytes / block, row_bytes / block);
    }
    Generator generator;
    std::size_t row_bytes;
    DeviceArray a, b, c;
};

Job begin_product(const DeviceJobSettings& s, std::size_t default_edge, std::size_t element_bytes) {
    constexpr std::size_t side = 128, depth = 64;
    Job job;
    job.timed_by = TimedBy::wall;
    job.m = s.m != 0 ? s.m : default_edge;
    job.n = s.n != 0 ? s.n : default_edge;
    job.k = s.k != 0 ? s.k : default_edge;
    if (job.m % side != 0 || job.n % side != 0 || job.k % depth != 0)
        throw Error(ErrorKind::usage, fmt::format("no GPU kernel multiplies {} x {} x {}", job.m, job.n, job.k),
                    "m and n are multiples of 128 there, k of 64");
    job.bytes = (job.m + job.n) * job.k * element_bytes + 4 * job.m * job.n;
    job.work_per_round = 2.0 * static_cast<double>(job.m) * static_cast<double>(job.n) * static_cast<double>(job.k);
    return job;
}

kernels::DeviceGemm arguments_of(const Product& p, const Job& job) {
    return {job.m, job.n, job.k, p.a, job.k, p.b, job.k, p.c, job.n};
}

void end_product(Job& job, const std::shared_ptr<Product>& p, std::function<void()> launch, DeviceStream& device) {
    job.run = on_device::queued(device, std::move(launch));
    job.poison = [p, bytes = 4 * job.m * job.n] { p->generator.fill(p->c, bytes, 3); };
}

/// How random words become numbers between 1/2 and 1 in magnitude, of both signs, and what they are then.
struct SingleNumbers {
    static constexpr std::uint32_t keep = 0x807fffff, set = 0x3f000000;
    static constexpr std::size_t bytes = 4;
    static double value(const Bytes& row, std::size_t l) {
        std::uint32_t word = 0;
        std::memcpy(&word, row.data() + 4 * l, 4);
        return std::bit_cast<float>((word & keep) | set);
    }
};
struct Bfloat16Numbers {
    static constexpr std::uint32_t keep = 0x807f807f, set = 0x3f003f00;
    static constexpr std::size_t bytes = 2;
    static double value(const Bytes& row, std::size_t l) {
        std::uint16_t word = 0;
        std::memcpy(&word, row.data() + 2 * l, 2);
        return std::bit_cast<float>(((word & keep & 0xffff) | (set & 0xffff)) << 16);
    }
};

/// `multiply` queues one of the device's products of numbers; checked by the bound that its contract states.
template <class Numbers>
Job make_float_product(const DeviceJobSettings& s, std::string variant, std::size_t default_edge,
                       const std::function<void(const kernels::DeviceGemm&)>& multiply) {
    constexpr double error_per_term = 0x1p-23;
    auto& device = s.device;
    auto job = begin_product(s, default_edge, Numbers::bytes);
    job.variant = std::move(variant);
    const auto p = std::make_shared<Product>(s, job, Numbers::bytes);
    device.mask(Lane::product, p->a, job.m * p->row_bytes / 4, Numbers::keep, Numbers::set);
    device.mask(Lane::product, p->b, job.n * p->row_bytes / 4, Numbers::keep, Numbers::set);
    const auto arguments = arguments_of(*p, job);
    end_product(
        job, p, [p, arguments, multiply] { multiply(arguments); }, device);
    job.has_right_answers = [&device, p, m = job.m, n = job.n, k = job.k] {
        return all_right(m * n, [&](std::size_t i) {
            const auto row = p->row(1, i / n), column = p->row(2, i % n);
            double exact = 0, magnitude = 0;
            for (std::size_t l = 0; l < k; ++l) {
                const double product = Numbers::value(row, l) * Numbers::value(column, l);
                exact += product, magnitude += std::abs(product);
            }
            return std::abs(download<float>(device, p->c, i) - exact) <=
                   static_cast<double>(k) * error_per_term * magnitude;
        });
    };
    return job;
}

struct Bf16Choice {
    std::size_t number = 0;
    std::string name, passed_over;
};

/// The first of the device's variants of gemm_bf16 that `require_right` lets pass; with none, the last one's error.
Bf16Choice choose_bf16(DeviceStream& device, void (*require_right)(DeviceStream& device, std::size_t variant)) {
    const auto variants = device.gemm_bf16_variants();
    if (variants.empty())
        throw Error(ErrorKind::environment,
                    fmt::format("cuda:{} ({}) has no instruction for products of bfloat16", device.facts().index,
                                device.facts().name),
                    "GPUs from compute capability 8.0 on have one");
    Bf16Choice choice;
    for (;; ++choice.number) try {
            choice.name = variants[choice.number];
            require_right(device, choice.number);
            return choice;
        } catch (const Error& error) {
            if (choice.number + 1 == variants.size()) throw;
            choice.passed_over += (choice.passed_over.empty() ? "" : "; ") + choice.name + ": " + error.message();
        }
}

constexpr std::size_t peak_rounds = 4096; // at once

/// Sums begin anew in every run; `launch` queues one round and gives its operations, `right(rounds)` what they add up
/// to.
template <class Word>
Job make_peak(const DeviceJobSettings& s, std::string variant, std::function<double(DeviceAddress sum)> launch,
              std::function<Word(std::uint64_t rounds, double operations)> right) {
    auto& device = s.device;
    struct State {
        explicit State(DeviceStream& on) : sum(on, block) {}
        DeviceArray sum;
        std::uint64_t rounds = 0;
    };
    const auto state = std::make_shared<State>(device);
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = std::move(variant);
    job.work_per_round = launch(state->sum);
    job.run = [&device, state, launch](unsigned, std::uint64_t rounds) {
        state->rounds = rounds;
        on_device::clear_sum(device, state->sum);
        for (; rounds != 0; --rounds) launch(state->sum);
        device.synchronize();
    };
    job.poison = [] {}; // every run begins its sum anew
    job.has_right_answers = [&device, state, right, operations = job.work_per_round] {
        return download<Word>(device, state->sum, 0) == right(state->rounds, operations);
    };
    return job;
}

Job make_fma_peak(const DeviceJobSettings& s, DeviceNumber number) {
    constexpr double factor = 0.625, term = 0.3;
    auto& device = s.device;
    require_right_peak_fma(device, number);
    return make_peak<std::uint64_t>(
        s, "cuda_fma",
        [&device, number](DeviceAddress sum) {
            return device.peak_fma(Lane::product, number, peak_rounds, factor, term, sum);
        },
        [number](std::uint64_t rounds, double operations) {
            const auto chains = static_cast<std::uint64_t>(operations / (2.0 * peak_rounds));
            return rounds * chains * end_of_chain(number, peak_rounds, factor, term);
        });
}

} // namespace

Job make_device_gemm_s8(const DeviceJobSettings& s) {
    constexpr std::size_t default_edge = 8192;
    auto& device = s.device;
    auto job = begin_product(s, default_edge, 1);
    job.variant = device.gemm_variant();
    job.note = device.facts().passed_over;
    const auto p = std::make_shared<Product>(s, job, 1);
    const auto arguments = arguments_of(*p, job);
    end_product(
        job, p, [&device, p, arguments] { device.gemm_s8(Lane::product, arguments); }, device);
    job.has_right_answers = [&device, p, m = job.m, n = job.n, k = job.k] {
        return all_right(m * n, [&](std::size_t i) {
            const auto row = p->row(1, i / n), column = p->row(2, i % n);
            std::uint32_t sum = 0;
            for (std::size_t l = 0; l < k; ++l)
                sum +=
                    static_cast<std::uint32_t>(static_cast<std::int8_t>(row[l]) * static_cast<std::int8_t>(column[l]));
            return download<std::uint32_t>(device, p->c, i) == sum;
        });
    };
    return job;
}

Job make_device_gemm_f32(const DeviceJobSettings& s) {
    auto& device = s.device;
    require_right_gemm_f32(device);
    return make_float_product<SingleNumbers>(s, "cuda_fma", 4096,
                                             [&device](const auto& g) { device.gemm_f32(Lane::product, g); });
}

Job make_device_gemm_bf16(const DeviceJobSettings& s) {
    auto& device = s.device;
    const auto chosen = choose_bf16(device, require_right_gemm_bf16);
    auto job =
        make_float_product<Bfloat16Numbers>(s, chosen.name, 8192, [&device, number = chosen.number](const auto& g) {
            device.gemm_bf16(Lane::product, number, g);
        });
    job.note = chosen.passed_over;
    return job;
}

Job make_device_peak_s8(const DeviceJobSettings& s) {
    auto& device = s.device;
    const auto numbers = std::make_shared<Bytes>(Generator(device, s.features).expected(1, 0, 1));
    const auto* const a = reinterpret_cast<const std::int8_t*>(numbers->data());
    std::uint32_t product = 0;
    for (std::size_t i = 0; i < 16; ++i) product += static_cast<std::uint32_t>(a[i] * a[16 + i]);
    auto job = make_peak<std::uint32_t>(
        s, device.gemm_variant(),
        [&device, numbers, a](DeviceAddress sum) { return device.peak_s8(Lane::product, peak_rounds, a, a + 16, sum); },
        [product](std::uint64_t rounds, double operations) {
            return static_cast<std::uint32_t>(rounds * static_cast<std::uint64_t>(operations / 32)) * product;
        });
    job.note = device.facts().passed_over;
    return job;
}

Job make_device_peak_f32(const DeviceJobSettings& s) { return make_fma_peak(s, DeviceNumber::f32); }
Job make_device_peak_f64(const DeviceJobSettings& s) { return make_fma_peak(s, DeviceNumber::f64); }

Job make_device_peak_bf16(const DeviceJobSettings& s) {
    auto& device = s.device;
    const auto chosen = choose_bf16(device, require_right_peak_bf16);
    const auto& numbers = small_numbers();
    auto job = make_peak<std::uint64_t>(
        s, chosen.name,
        [&device, &numbers, number = chosen.number](DeviceAddress sum) {
            return device.peak_bf16(Lane::product, number, peak_rounds, numbers.a.data(), numbers.b.data(), sum);
        },
        [&numbers](std::uint64_t rounds, double operations) {
            return rounds * static_cast<std::uint64_t>(operations / 32) * static_cast<std::uint64_t>(numbers.product);
        });
    job.note = chosen.passed_over;
    return job;
}

} // namespace kaisar
