/// A GPU and its memory as one proving device.
#pragma once

#include "popw_devices/gpu_compute.h"
#include "popw_devices/gpu_memory.h"
#include "popw_devices/proving_device.h"

namespace kaisar::popw {

class GpuDevice final : public ProvingDevice {
public:
    /// Chooses a profile by a short measurement and takes the device's memory for it. `stream` outlives this.
    GpuDevice(const DeviceSetup& setup, kernels::DeviceStream& stream);

    const DeviceIdentity& identity() const override { return identity_; }
    const Profile& profile() const override { return profile_; }
    ComputeRun compute(const Bytes32& device_seed, const RunLimits& limits) override;
    /// Gives back what computing took.
    std::uint64_t take_memory(const MemoryPlan& plan) override;
    void fill(const Bytes32& memory_seed, std::stop_token stop) override;
    void begin_walk(const Bytes32& walk_value) override { memory_->begin_walk(walk_value); }
    void continue_walk(SteadyTime deadline, std::stop_token stop) override { memory_->continue_walk(deadline, stop); }
    const MemoryRun& walked() const override { return memory_->run(); }
    MemoryPart open_walk(std::span<const WalkQuery> queries) override { return memory_->open(queries); }
    void release_memory() noexcept override { memory_.reset(); }

private:
    kernels::DeviceStream& stream_;
    const Primitives primitives_;
    const Params params_;
    const DeviceIdentity identity_;
    const Profile profile_;
    std::optional<GpuCompute> compute_;
    std::optional<GpuMemory> memory_;
};

} // namespace kaisar::popw
