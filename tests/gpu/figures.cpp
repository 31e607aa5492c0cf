// Every GPU kernel on every GPU: known answers first, then its rate beside what it can be compared with, in turn.
//
// usage: gpu_figures [--answers]
//   --answers   known answers only, for compute-sanitizer
// Exit code 0 when all answers were right, 77 when there is no GPU, 1 otherwise.
#include "devices/gpus.h"
#include "devices/known_cases.h"
#include "error/error.h"
#include "gpu/anchor.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <cuda_runtime.h>

using namespace kaisar;
using kernels::DeviceArray;
using kernels::DevicePass;
using kernels::Lane;

namespace {

constexpr std::uint8_t key[32] = {1, 2, 3};
constexpr int samples = 9;
constexpr double sample_s = 0.06;

double run_s(kernels::DeviceStream& device, const std::function<void()>& work, int rounds) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) work();
    if (cudaDeviceSynchronize() != cudaSuccess) device.synchronize();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Case {
    std::string name;
    double work;
    const char* unit;
    std::function<void()> ours, other;
    std::string other_name;
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + samples / 2, values.end());
    return values[samples / 2];
}

/// Ours and the other in turn, so that both see the same clock.
void measure(kernels::DeviceStream& device, const Case& c) {
    const auto rounds_for = [&](const std::function<void()>& work) {
        run_s(device, work, 2);
        return std::max(1, static_cast<int>(sample_s / std::max(run_s(device, work, 1), 1e-6)));
    };
    const int rounds = rounds_for(c.ours), other_rounds = c.other ? rounds_for(c.other) : 0;
    std::vector<double> rates, other_rates, ratios;
    for (int i = 0; i < samples; ++i) {
        rates.push_back(c.work * rounds / run_s(device, c.ours, rounds));
        if (!c.other) continue;
        other_rates.push_back(c.work * other_rounds / run_s(device, c.other, other_rounds));
        ratios.push_back(rates.back() / other_rates.back());
    }
    std::printf("%-34s %12.4g %-9s", c.name.c_str(), median(rates), c.unit);
    if (c.other)
        std::printf(" %12.4g %-26s ratio %.3f", median(other_rates), c.other_name.c_str(), median(ratios));
    else if (!c.other_name.empty())
        std::printf(" %s", c.other_name.c_str());
    std::printf("\n");
    std::fflush(stdout);
}

void fill(kernels::DeviceStream& device, kernels::DeviceAddress to, std::size_t bytes, std::uint64_t nonce) {
    device.chacha8(Lane::product, key, nonce, 0, to, bytes / 64);
}

bool is_same(kernels::DeviceStream& device, const DeviceArray& x, const DeviceArray& y, std::size_t bytes) {
    std::vector<std::uint8_t> of_x(bytes), of_y(bytes);
    device.download(of_x.data(), x, bytes);
    device.download(of_y.data(), y, bytes);
    return of_x == of_y;
}

struct ProductKind {
    const char* name;
    tests::Elements elements;
    std::size_t element_bytes;
    const char* unit;
    std::uint32_t keep, set; // make numbers between 1/2 and 1 of random words
};
constexpr ProductKind int8_product{"gemm-s8", tests::Elements::s8, 1, "op/s", ~0u, 0};
constexpr ProductKind single_product{"gemm-f32", tests::Elements::f32, 4, "flop/s", 0x807fffff, 0x3f000000};
constexpr ProductKind bfloat16_product{"gemm-bf16", tests::Elements::bf16, 2, "flop/s", 0x807f807f, 0x3f003f00};

/// False when ours and the other library's product of int8 differ; products of numbers may, in their rounding.
bool measure_product(kernels::DeviceStream& device, const ProductKind& kind, const std::string& variant, std::size_t m,
                     std::size_t k, const std::function<void(const kernels::DeviceGemm&)>& multiply) {
    const auto bytes = m * k * kind.element_bytes;
    if (device.free_bytes() < 2 * bytes + 8 * m * m + (std::size_t{256} << 20)) return true;
    const DeviceArray a(device, bytes), b(device, bytes), c(device, 4 * m * m), other(device, 4 * m * m);
    fill(device, a, bytes, 1), fill(device, b, bytes, 2), fill(device, c, 4 * m * m, 3),
        fill(device, other, 4 * m * m, 4);
    device.mask(Lane::product, a, bytes / 4, kind.keep, kind.set);
    device.mask(Lane::product, b, bytes / 4, kind.keep, kind.set);
    const kernels::DeviceGemm ours{m, m, k, a, k, b, k, c, m};
    auto theirs = ours;
    theirs.c = other;
    device.synchronize();
    const auto anchor = tests::make_anchor(theirs, kind.elements);
    const auto run = [&] { multiply(ours); };
    measure(device,
            {.name = std::string(kind.name) + " " + std::to_string(m) + "^2 x " + std::to_string(k) + " " + variant,
             .work = 2.0 * static_cast<double>(m) * static_cast<double>(m) * static_cast<double>(k),
             .unit = kind.unit,
             .ours = run,
             .other = anchor.queue,
             .other_name = anchor.name});
    if (!anchor.queue || kind.elements != tests::Elements::s8) return true;
    run(), anchor.queue();
    cudaDeviceSynchronize();
    const bool same = is_same(device, c, other, std::min<std::size_t>(4 * m * m, std::size_t{256} << 20));
    std::printf("%-34s %s\n", "  the same as the library's", same ? "yes" : "NO");
    return same;
}

void measure_peak(kernels::DeviceStream& device) {
    const DeviceArray sum(device, 64);
    const std::int8_t numbers[32] = {1, -2, 3, -4, 5, -6, 7, -8, 9, 100, -100, 11, 12, -13, 14, 15, 16, 17};
    const auto run = [&] { return device.peak_s8(Lane::product, 4096, numbers, numbers + 16, sum); };
    measure(device,
            {.name = "peak-s8 " + device.gemm_variant(), .work = run(), .unit = "op/s", .ours = [&] { run(); }});
}

void require_right_numbers(kernels::DeviceStream& device) {
    require_right_gemm_f32(device);
    require_right_peak_fma(device, kernels::DeviceNumber::f32);
    require_right_peak_fma(device, kernels::DeviceNumber::f64);
    for (std::size_t variant = 0; variant < device.gemm_bf16_variants().size(); ++variant) {
        require_right_gemm_bf16(device, variant);
        require_right_peak_bf16(device, variant);
    }
}

void measure_numbers(kernels::DeviceStream& device) {
    constexpr std::size_t rounds = 4096;
    const DeviceArray sum(device, 64);
    const auto measure_peak_of = [&](const char* name, const std::function<double()>& run) {
        measure(device, {.name = name, .work = run(), .unit = "flop/s", .ours = [&] { run(); }});
    };
    for (const auto& [name, number] : {std::pair{"peak-f32 cuda_fma", kernels::DeviceNumber::f32},
                                       {"peak-f64 cuda_fma", kernels::DeviceNumber::f64}})
        measure_peak_of(name,
                        [&, kind = number] { return device.peak_fma(Lane::product, kind, rounds, 0.625, 0.3, sum); });
    measure_product(device, single_product, "cuda_fma", 4096, 4096,
                    [&](const auto& g) { device.gemm_f32(Lane::product, g); });
    const auto& numbers = small_numbers();
    const auto variants = device.gemm_bf16_variants();
    for (std::size_t variant = 0; variant < variants.size(); ++variant) {
        measure_peak_of(("peak-bf16 " + variants[variant]).c_str(), [&] {
            return device.peak_bf16(Lane::product, variant, rounds, numbers.a.data(), numbers.b.data(), sum);
        });
        measure_product(device, bfloat16_product, variants[variant], 8192, 8192,
                        [&](const auto& g) { device.gemm_bf16(Lane::product, variant, g); });
    }
}

void measure_memory(kernels::DeviceStream& device) {
    const auto bytes = std::min<std::uint64_t>(std::uint64_t{4} << 30, device.free_bytes() / 5) / 4096 * 4096;
    const DeviceArray a(device, bytes), b(device, bytes), c(device, bytes), sum(device, 64);
    fill(device, a, bytes, 1), fill(device, b, bytes, 2);
    const kernels::DevicePassArguments arguments{a, b, c, 3.0, bytes / 8, sum};
    const auto copy = [&] {
        cudaMemcpyAsync(reinterpret_cast<void*>(static_cast<kernels::DeviceAddress>(c)),
                        reinterpret_cast<void*>(static_cast<kernels::DeviceAddress>(a)), bytes,
                        cudaMemcpyDeviceToDevice);
    };
    const struct {
        const char* name;
        DevicePass pass;
        int arrays;
    } passes[] = {{"memory-read", DevicePass::read, 1},
                  {"memory-write", DevicePass::write, 1},
                  {"memory-copy", DevicePass::copy, 2},
                  {"memory-triad", DevicePass::triad, 3}};
    for (const auto& [name, pass, arrays] : passes) {
        Case one{.name = name,
                 .work = static_cast<double>(arrays) * static_cast<double>(bytes),
                 .unit = "B/s",
                 .ours = [&device, &arguments, pass = pass] { device.pass(Lane::product, pass, arguments); }};
        if (pass == DevicePass::copy) one.other = copy, one.other_name = "device-to-device memcpy";
        measure(device, one);
    }
}

void measure_proof_parts(kernels::DeviceStream& device) {
    const std::size_t m = 8192, pages = std::size_t{1} << 18, walkers = std::size_t{1} << 23;
    const DeviceArray c(device, 4 * m * m), digests(device, m * m / 8), starts(device, 64 * pages),
        memory(device, 2048 * pages), states(device, 8 * walkers);
    fill(device, c, 4 * m * m, 1), fill(device, starts, 64 * pages, 2);
    kernels::DeviceHash hash{
        {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}, {0x80}};
    measure(device,
            {.name = "chacha8", .work = 4.0 * m * m, .unit = "B/s", .ours = [&] { fill(device, c, 4 * m * m, 1); }});
    measure(device, {.name = "sha256 of tiles", .work = 4.0 * m * m, .unit = "B/s", .ours = [&] {
                         device.hash_tiles(Lane::product, hash, {c, m, m, m}, digests);
                     }});
    measure(device, {.name = "page fill, 2 KiB x 256 passes",
                     .work = 2048.0 * static_cast<double>(pages),
                     .unit = "B/s",
                     .ours = [&] { device.page_fill(Lane::product, starts, 32, 256, memory, pages); }});
    fill(device, memory, 2048 * pages, 3);
    measure(
        device,
        {.name = "walk, 8 steps, 512 MiB", .work = 8.0 * static_cast<double>(walkers), .unit = "access/s", .ours = [&] {
             fill(device, states, 8 * walkers, 4);
             device.walk(Lane::product, memory, 32 * pages, states, walkers, 8);
         }});
}

/// One implementation of the product; false when an answer was wrong.
bool run_variant(const kernels::DeviceFacts& facts, const std::string& variant, bool answers_only) {
    try {
        const auto device = kernels::open_cuda_device(facts, variant);
        require_working(*device);
        std::printf("known answers with %s: right\n", variant.c_str());
        if (answers_only) return true;
        measure_peak(*device);
        const auto multiply = [&](const auto& g) { device->gemm_s8(Lane::product, g); };
        const bool same = measure_product(*device, int8_product, variant, 8192, 8192, multiply);
        return measure_product(*device, int8_product, variant, 16384, 32768, multiply) && same; // profile G2
    } catch (const std::exception& error) {
        std::printf("known answers with %s: FAILED: %s\n", variant.c_str(), error.what());
    }
    kernels::forget_cuda_device(facts);
    return false;
}

int run_on(const kernels::DeviceFacts& facts, bool answers_only) {
    std::printf("cuda:%u  %s  %s  sm %u  %.1f GiB  %u multiprocessors\n", facts.index, facts.name.c_str(),
                facts.uuid.c_str(), facts.capability, static_cast<double>(facts.memory_bytes) / (1u << 30),
                facts.multiprocessors);
    bool right = true;
    for (const auto& variants : {kernels::cuda_gemm_variants(facts), kernels::cuda_gemm_rivals(facts)})
        for (const auto& variant : variants) right = run_variant(facts, variant, answers_only) && right;
    const auto device = kernels::open_cuda_device(facts, kernels::cuda_gemm_variants(facts).back());
    require_right_numbers(*device);
    std::printf("known answers of products of numbers: right\n");
    if (answers_only) return right ? 0 : 1;
    measure_numbers(*device);
    measure_memory(*device);
    measure_proof_parts(*device);
    return right ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    const auto list = kernels::detect_cuda_devices();
    if (list.devices.empty()) {
        std::printf("no GPU: %s\n", list.reason.c_str());
        return 77;
    }
    int code = 0;
    for (const auto& facts : list.devices) {
        try {
            code = std::max(code, run_on(facts, argc > 1 && std::strcmp(argv[1], "--answers") == 0));
        } catch (const std::exception& error) {
            std::printf("cuda:%u FAILED: %s\n", facts.index, error.what());
            code = 1;
        }
    }
    return code;
}
