/// What proves: the processor with the host's memory, or a GPU with its own. One thread at a time uses a device.
#pragma once

#include "popw/compute_prover.h"
#include "popw/memory_prover.h"

#include <string>

namespace kaisar::popw {

/// How a device is called in marks, and by people.
struct DeviceIdentity {
    std::uint16_t index = 0; ///< in marks; zero is the processor
    DeviceKind kind = DeviceKind::cpu;
    Bytes32 uid{};
    std::string name; ///< cpu, cuda:0
    std::string uuid; ///< as the driver spells it; empty for the processor
    std::string variant;
    unsigned threads = 1; ///< of the host
};

/// What a device may take of its memory for a walk.
struct MemoryPlan {
    /// Of the host's memory; a GPU takes a share of what is free in its own.
    std::uint64_t host_limit_bytes = 0;
    /// As many pages are taken as can be made until then, at the pace that a short measurement gives.
    SteadyTime fill_deadline = SteadyTime::max();
    std::stop_token stop;
};

class ProvingDevice {
public:
    ProvingDevice() = default;
    ProvingDevice(const ProvingDevice&) = delete;
    ProvingDevice& operator=(const ProvingDevice&) = delete;
    virtual ~ProvingDevice();

    virtual const DeviceIdentity& identity() const = 0;
    virtual const Profile& profile() const = 0;
    /// As ComputeProver::run.
    virtual ComputeRun compute(const Bytes32& device_seed, const RunLimits& limits) = 0;

    /// Takes memory by the plan; gives the number of pages. Error(environment) when there is not enough for one.
    virtual std::uint64_t take_memory(const MemoryPlan& plan) = 0;
    /// As in MemoryProver; an interrupted fill is Error(interrupted).
    virtual void fill(const Bytes32& memory_seed, std::stop_token stop) = 0;
    virtual void begin_walk(const Bytes32& walk_value) = 0;
    virtual void continue_walk(SteadyTime deadline, std::stop_token stop) = 0;
    virtual const MemoryRun& walked() const = 0;
    virtual MemoryPart open_walk(std::span<const WalkQuery> queries) = 0;
    /// Afterwards memory may be taken anew.
    virtual void release_memory() noexcept = 0;
};

constexpr DeviceKind memory_of(DeviceKind computing) {
    return computing == DeviceKind::cuda ? DeviceKind::device_memory : DeviceKind::host_memory;
}

/// What both kinds of devices are made with.
struct DeviceSetup {
    const Primitives& primitives;
    const Params& params;
    Bytes32 node_id{};
    unsigned threads = 1;
    std::uint64_t memory_limit_bytes = 0; ///< of the host, for computing
    std::stop_token stop;
};

/// A device's profile is chosen by trying shapes for a moment.
struct ShapeTrial {
    /// Takes what the shape needs and computes.
    std::function<ComputeRun(const Profile& profile, const RunLimits& limits)> run;
    std::function<std::uint64_t(const Profile& profile, std::uint32_t rounds)> memory_bytes;
    std::uint64_t memory_limit_bytes = 0;
};

/// Error(environment) when not even the smallest shape that the constants allow fits into memory.
const Profile& choose_shape(const DeviceSetup& setup, const ShapeTrial& trial);

} // namespace kaisar::popw
