#include "devices/gpus.h"

#include "error/error.h"

#include <algorithm>

namespace kaisar {

namespace {

/// CUDA gives a UUID's digits, and does not say whether they are a card's or an instance's.
bool is_same_uuid(std::string_view x, std::string_view y) {
    const auto digits = [](std::string_view text) {
        return text.substr(std::min<std::size_t>(text.find('-'), text.size()));
    };
    return !x.empty() && digits(x) == digits(y);
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
    auto known = facts;
    return first_working(
        kernels::cuda_gemm_variants(facts),
        [&](const std::string& variant, const std::string& passed_over) {
            known.passed_over = passed_over;
            auto device = kernels::open_cuda_device(known, variant);
            require_working(*device);
            return device;
        },
        [&] { kernels::forget_cuda_device(facts); });
}

std::unique_ptr<kernels::DeviceStream> first_working(const std::vector<std::string>& variants, const OpenDevice& open,
                                                     const std::function<void()>& forget) {
    std::string passed_over;
    for (std::size_t i = 0; i + 1 < variants.size(); ++i) try {
            return open(variants[i], passed_over);
        } catch (const Error& error) {
            forget();
            passed_over += (passed_over.empty() ? "" : "; ") + ("gemm_s8/" + variants[i]) + ": " + error.message();
        }
    return open(variants.empty() ? std::string() : variants.back(), passed_over);
}

} // namespace kaisar
