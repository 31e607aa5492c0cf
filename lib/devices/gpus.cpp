#include "devices/gpus.h"

#include <algorithm>

namespace kaisar {

GpuCandidates join_gpus(const kernels::DeviceList& list, const std::vector<GpuState>& states) {
    GpuCandidates candidates{.gpus = {}, .reason = list.reason};
    for (const auto& facts : list.devices) {
        const auto state = std::ranges::find(states, facts.uuid, &GpuState::uuid);
        candidates.gpus.push_back(
            {.facts = facts, .objection = state == states.end() ? std::string() : find_gpu_objection(*state)});
    }
    return candidates;
}

GpuCandidates find_gpus() { return join_gpus(kernels::detect_cuda_devices(), detect_gpu_states()); }

std::unique_ptr<kernels::DeviceStream> open_working_gpu(const kernels::DeviceFacts& facts) {
    auto device = kernels::open_cuda_device(facts);
    require_working(*device);
    return device;
}

} // namespace kaisar
