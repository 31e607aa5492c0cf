#include "popw_devices/gpu_device.h"

#include "crypto/hash.h"
#include "error/error.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

/// Of what is free: the rest is for walkers, and for what the driver needs beside.
constexpr double computing_share = 0.9;
constexpr double held_share = 0.85;
/// Share of the time until beacon B that filling is planned for. A GPU that nobody else uses keeps its pace.
constexpr double planned_share = 0.8;

std::uint64_t share_of(std::uint64_t bytes, double share) {
    return static_cast<std::uint64_t>(static_cast<double>(bytes) * share);
}

/// It belongs to the card alone, so that the network sees when two nodes show the same one.
DeviceIdentity identify(const kernels::DeviceStream& stream) {
    const auto& facts = stream.facts();
    return {.index = static_cast<std::uint16_t>(facts.index + 1),
            .kind = DeviceKind::cuda,
            .uid = sha256({bytes_of("kaisar/1/device\n"), bytes_of(facts.uuid)}),
            .name = "cuda:" + std::to_string(facts.index),
            .uuid = facts.uuid,
            .variant = stream.gemm_variant(),
            .threads = 1};
}

const Profile& choose_profile(const DeviceSetup& setup, kernels::DeviceStream& stream, const Bytes32& seed) {
    return choose_shape(
        setup, {.run =
                    [&](const Profile& profile, const RunLimits& limits) {
                        return GpuCompute(stream, setup.primitives, profile).run(seed, limits);
                    },
                .memory_bytes = [](const Profile& profile, std::uint32_t) { return GpuCompute::memory_bytes(profile); },
                .memory_limit_bytes = share_of(stream.free_bytes(), computing_share)});
}

} // namespace

GpuDevice::GpuDevice(const DeviceSetup& setup, kernels::DeviceStream& stream)
    : stream_(stream), primitives_(setup.primitives), params_(setup.params), identity_(identify(stream)),
      profile_(choose_profile(setup, stream, identity_.uid)) {
    compute_.emplace(stream_, primitives_, profile_);
}

ComputeRun GpuDevice::compute(const Bytes32& device_seed, const RunLimits& limits) {
    if (!compute_) compute_.emplace(stream_, primitives_, profile_);
    return compute_->run(device_seed, limits);
}

std::uint64_t GpuDevice::take_memory(const MemoryPlan& plan) {
    compute_.reset();
    memory_.reset();
    const auto free_bytes = stream_.free_bytes();
    if (share_of(free_bytes, held_share) < page_bytes(params_.device_pages))
        throw Error(ErrorKind::environment, identity_.name + " has only " + std::to_string(free_bytes) + " bytes free",
                    "end what else uses this GPU (nvidia-smi names it)");
    memory_.emplace(stream_, primitives_, params_, share_of(free_bytes, held_share));
    if (plan.fill_deadline != SteadyTime::max()) {
        const auto rate = memory_->measure_fill_rate();
        const std::chrono::duration<double> left = plan.fill_deadline - std::chrono::steady_clock::now();
        memory_->use_at_most(static_cast<std::uint64_t>(std::max(0.0, planned_share * left.count() * rate)));
    }
    return memory_->pages();
}

void GpuDevice::fill(const Bytes32& memory_seed, std::stop_token stop) {
    memory_->fill(memory_seed, stop);
    if (!memory_->is_filled())
        throw Error(ErrorKind::interrupted, "interrupted", "this slot is lost; the next one is not");
}

} // namespace kaisar::popw
