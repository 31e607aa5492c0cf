#include "devices/gpus.h"

#include "error/error.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace kaisar {

namespace {

/// CUDA gives a UUID's digits, and does not say whether they are a card's or an instance's.
bool is_same_uuid(std::string_view x, std::string_view y) {
    const auto digits = [](std::string_view text) {
        return text.substr(std::min<std::size_t>(text.find('-'), text.size()));
    };
    return !x.empty() && digits(x) == digits(y);
}

std::string join(const std::string& passed_over, const std::string& variant, const Error& error) {
    return passed_over + (passed_over.empty() ? "" : "; ") + "gemm_s8/" + variant + ": " + error.message();
}

/// The best of three of a product that fills a GPU, on random operands.
double time_product_s(kernels::DeviceStream& device) {
    constexpr std::size_t edge = 2048, depth = 4096;
    constexpr std::uint8_t key[32] = {5};
    const kernels::DeviceArray a(device, edge * depth), b(device, edge * depth), c(device, 4 * edge * edge);
    device.chacha8(kernels::Lane::product, key, 1, 0, a, edge * depth / 64);
    device.chacha8(kernels::Lane::product, key, 2, 0, b, edge * depth / 64);
    double best_s = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 4; ++i) {
        device.synchronize();
        const auto start = std::chrono::steady_clock::now();
        device.gemm_s8(kernels::Lane::product, {edge, edge, depth, a, depth, b, depth, c, edge});
        device.synchronize();
        const auto took_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (i > 0) best_s = std::min(best_s, took_s); // the first loads the kernel
    }
    return best_s;
}

} // namespace

GpuCandidates join_gpus(const kernels::DeviceList& list, const std::vector<GpuState>& states) {
    GpuCandidates candidates{.gpus = {}, .reason = list.reason};
    for (const auto& facts : list.devices) {
        const auto state =
            std::ranges::find_if(states, [&](const auto& one) { return is_same_uuid(one.uuid, facts.uuid); });
        GpuCandidate candidate{.facts = facts, .objection = {}};
        if (state != states.end()) {
            candidate.facts.uuid = state->uuid;
            candidate.objection = find_gpu_objection(*state);
        }
        candidates.gpus.push_back(std::move(candidate));
    }
    return candidates;
}

GpuCandidates find_gpus() { return join_gpus(kernels::detect_cuda_devices(), detect_gpu_states()); }

std::unique_ptr<kernels::DeviceStream> open_working_gpu(const kernels::DeviceFacts& facts) {
    const OpenDevice open = [facts](const std::string& variant, const std::string& passed_over) {
        auto known = facts;
        known.passed_over = passed_over;
        return kernels::open_cuda_device(known, variant);
    };
    const auto forget = [&] { kernels::forget_cuda_device(facts); };
    auto device = first_working(
        kernels::cuda_gemm_variants(facts),
        [&](const std::string& variant, const std::string& passed_over) {
            auto opened = open(variant, passed_over);
            require_working(*opened);
            return opened;
        },
        forget);
    return choose_by_trial(std::move(device), kernels::cuda_gemm_rivals(facts),
                           {open, require_working, time_product_s, forget});
}

std::unique_ptr<kernels::DeviceStream> first_working(const std::vector<std::string>& variants, const OpenDevice& open,
                                                     const std::function<void()>& forget) {
    std::string passed_over;
    for (std::size_t i = 0; i + 1 < variants.size(); ++i) try {
            return open(variants[i], passed_over);
        } catch (const Error& error) {
            forget();
            passed_over = join(passed_over, variants[i], error);
        }
    return open(variants.empty() ? std::string() : variants.back(), passed_over);
}

std::unique_ptr<kernels::DeviceStream> choose_by_trial(std::unique_ptr<kernels::DeviceStream> device,
                                                       const std::vector<std::string>& rivals, const Trial& trial) {
    constexpr double worth_it = 0.9; // of the time; less is noise
    for (const auto& rival : rivals) {
        const auto own = device->gemm_variant();
        const auto passed_over = device->facts().passed_over;
        try {
            auto other = trial.open(rival, passed_over);
            if (trial.time_s(*other) >= worth_it * trial.time_s(*device)) continue;
            trial.require_right(*other);
            device = std::move(other);
        } catch (const Error& error) {
            device.reset();
            trial.forget();
            device = trial.open(own, join(passed_over, rival, error));
            trial.require_right(*device);
        }
    }
    return device;
}

} // namespace kaisar
