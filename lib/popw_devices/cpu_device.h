/// The processor and the host's memory as one proving device.
#pragma once

#include "popw_devices/proving_device.h"

#include <optional>

namespace kaisar::popw {

class CpuDevice final : public ProvingDevice {
public:
    /// Takes the memory for computing; the profile is chosen by a short measurement where none is given.
    explicit CpuDevice(const DeviceSetup& setup, const Profile* profile = nullptr);

    const DeviceIdentity& identity() const override { return identity_; }
    const Profile& profile() const override { return prover_->profile(); }
    ComputeRun compute(const Bytes32& device_seed, const RunLimits& limits) override;
    std::uint64_t take_memory(const MemoryPlan& plan) override;
    void fill(const Bytes32& memory_seed, std::stop_token stop) override;
    void begin_walk(const Bytes32& walk_value) override { memory_->begin_walk(walk_value); }
    void continue_walk(SteadyTime deadline, std::stop_token stop) override { memory_->continue_walk(deadline, stop); }
    const MemoryRun& walked() const override { return memory_->run(); }
    MemoryPart open_walk(std::span<const WalkQuery> queries) override { return memory_->open(queries); }
    void release_memory() noexcept override { memory_.reset(); }

private:
    double measure_fill_rate(std::uint64_t limit_bytes, const std::stop_token& stop) const;

    const Primitives primitives_;
    const Params params_;
    DeviceIdentity identity_;
    std::unique_ptr<ComputeProver> prover_;
    std::optional<MemoryProver> memory_;
};

} // namespace kaisar::popw
