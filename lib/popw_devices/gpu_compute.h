/// The compute proof's worker side on a GPU: operands, products, leaves and trees stay in its memory, of which a
/// round's superblock roots come back.
///
/// A round goes through C panel by panel: while one lane multiplies, the other hashes the panel before and makes the
/// rows of the panel after. Two panels of A and of C are kept, so neither lane waits for more than its own input.
#pragma once

#include "popw/compute_prover.h"
#include "popw_devices/gpu_tree.h"

namespace kaisar::popw {

class GpuCompute {
public:
    /// Takes the device's memory; Error(environment) when there is not enough.
    GpuCompute(kernels::DeviceStream& device, const Primitives& primitives, const Profile& profile);

    /// As ComputeProver::run; Error(environment) when the device fails.
    ComputeRun run(const Bytes32& device_seed, const RunLimits& limits);

    const Profile& profile() const { return profile_; }

    /// Of the device.
    static std::uint64_t memory_bytes(const Profile& profile);

private:
    void make_rows(std::size_t panel);
    void hash_panel(std::size_t panel);
    /// Queues a whole round and waits for its end.
    void compute_round(const Bytes32& seed);

    kernels::DeviceStream& device_;
    const Profile profile_;
    const std::size_t panel_rows_;
    const kernels::DeviceHash leaf_hash_;
    const kernels::DeviceArray a_, b_, c_, leaves_, superblocks_, root_;
    const GpuTree tree_;
    /// Where the results of a round arrive: page-locked memory where the system gives some.
    std::vector<Bytes32> pageable_;
    Bytes32* arrived_;
    Bytes32 seed_{};
};

} // namespace kaisar::popw
