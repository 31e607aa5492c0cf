/// The memory proof's worker side on a GPU: pages of its own kind in its memory, walked there.
#pragma once

#include "popw/memory_prover.h"
#include "popw_devices/gpu_tree.h"

#include <optional>

namespace kaisar::popw {

class GpuMemory {
public:
    /// Takes as many pages as `limit_bytes` hold; Error(environment) when the device has not as much.
    GpuMemory(kernels::DeviceStream& device, const Primitives& primitives, const Params& params,
              std::uint64_t limit_bytes);

    /// Bytes a second, from making some of the pages.
    double measure_fill_rate();
    /// Uses that many of the pages and no more; at least one.
    void use_at_most(std::uint64_t bytes);
    std::uint64_t pages() const { return run_.pages; }

    /// As in MemoryProver. The number of walkers is chosen between filling and walking, by the pace of a batch.
    void fill(const Bytes32& memory_seed, const std::stop_token& stop);
    bool is_filled() const { return walkers_.has_value(); }
    void begin_walk(const Bytes32& walk_value);
    void continue_walk(SteadyTime deadline, const std::stop_token& stop);
    const MemoryRun& run() const { return run_; }
    MemoryPart open(std::span<const WalkQuery> queries);

private:
    /// A batch's walkers and the tree over where they end.
    struct Walkers {
        Walkers(kernels::DeviceStream& device, const Primitives& primitives, std::uint8_t walkers_log2);
        static std::uint64_t memory_bytes(std::uint8_t walkers_log2);

        const std::size_t count;
        const kernels::DeviceArray ends, leaves, root;
        const GpuTree tree;
    };

    void fill_pages(const Bytes32& memory_seed, std::uint64_t first, std::size_t count);
    std::uint8_t choose_walkers_log2();
    Bytes32 walk_batch(const Walkers& walkers, const Bytes32& key) const;
    Bytes32 key_of(std::size_t batch) const;
    void append_batch();

    kernels::DeviceStream& device_;
    const Primitives primitives_;
    const Params params_;
    const std::uint64_t capacity_; ///< pages
    const kernels::DeviceArray memory_, starts_;
    const kernels::DeviceHash leaf_hash_;
    std::optional<Walkers> walkers_;
    MemoryRun run_;
};

} // namespace kaisar::popw
