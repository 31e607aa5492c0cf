#include "popw_devices/cpu_device.h"

#include "crypto/hash.h"
#include "error/error.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

/// Filled to learn the pace, fresh memory included: a tenth of a second or two.
constexpr std::uint64_t sample_bytes = 48u << 20;
/// Share of the time until beacon B that filling is planned for; the rest is for a busy moment.
constexpr double planned_share = 0.5;

const Profile& choose_profile(const DeviceSetup& setup, const Bytes32& uid) {
    const auto seed = sha256({bytes_of("kaisar/1/rate\n"), uid});
    return choose_shape(setup,
                        {.run =
                             [&](const Profile& profile, const RunLimits& limits) {
                                 return ComputeProver(setup.primitives, profile, setup.threads).run(seed, limits);
                             },
                         .memory_bytes =
                             [&](const Profile& profile, std::uint32_t rounds) {
                                 return ComputeProver::memory_bytes(setup.primitives, profile, setup.threads, rounds);
                             },
                         .memory_limit_bytes = setup.memory_limit_bytes});
}

} // namespace

CpuDevice::CpuDevice(const DeviceSetup& setup, const Profile* profile)
    : primitives_(setup.primitives),
      params_(setup.params), identity_{.index = 0,
                                       .kind = DeviceKind::cpu,
                                       .uid = sha256({bytes_of("kaisar/1/device\n"), setup.node_id, bytes_of("cpu")}),
                                       .name = "cpu",
                                       .uuid = {},
                                       .variant = std::string(setup.primitives.gemm_variant),
                                       .threads = std::max(setup.threads, 1u)} {
    if (profile == nullptr) profile = &choose_profile(setup, identity_.uid);
    prover_ = std::make_unique<ComputeProver>(primitives_, *profile, identity_.threads);
}

ComputeRun CpuDevice::compute(const Bytes32& device_seed, const RunLimits& limits) {
    return prover_->run(device_seed, limits);
}

/// Bytes of fresh memory that all threads together make pages of in a second.
double CpuDevice::measure_fill_rate(std::uint64_t limit_bytes, const std::stop_token& stop) const {
    MemoryProver sample(primitives_, params_, std::min(sample_bytes, limit_bytes), identity_.threads);
    const auto began = std::chrono::steady_clock::now();
    sample.fill(identity_.uid, stop);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    return static_cast<double>(sample.held_bytes()) / took.count();
}

std::uint64_t CpuDevice::take_memory(const MemoryPlan& plan) {
    auto bytes = plan.host_limit_bytes;
    if (plan.fill_deadline != SteadyTime::max()) {
        const auto rate = measure_fill_rate(bytes, plan.stop);
        const std::chrono::duration<double> left = plan.fill_deadline - std::chrono::steady_clock::now();
        bytes = std::min(bytes, static_cast<std::uint64_t>(std::max(0.0, planned_share * left.count() * rate)));
    }
    memory_.emplace(primitives_, params_, bytes, identity_.threads);
    return memory_->pages();
}

void CpuDevice::fill(const Bytes32& memory_seed, std::stop_token stop) {
    memory_->fill(memory_seed, std::move(stop));
    if (!memory_->is_filled())
        throw Error(ErrorKind::interrupted, "interrupted", "this slot is lost; the next one is not");
}

} // namespace kaisar::popw
