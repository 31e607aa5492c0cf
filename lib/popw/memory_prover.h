/// The memory proof's worker side for host memory: pages from the compute mark on, walks from beacon B on.
///
/// Holds the claimed memory, which fill() touches first, and 8.25 bytes a walker beside it.
#pragma once

#include "popw/compute_prover.h"
#include "popw_work/huge_array.h"
#include "popw_work/memory.h"

#include <functional>

namespace kaisar::popw {

/// What a walk committed to; enough, with the memory, to open any walker of it.
struct MemoryRun {
    DeviceKind kind = DeviceKind::host_memory;
    std::uint8_t walkers_log2 = 0;
    std::uint64_t pages = 0;
    std::uint32_t hold_batches = 0;
    Bytes32 memory_seed{};
    Bytes32 walk_seed{};
    std::vector<Bytes32> roots; ///< one per batch

    Bytes32 hold_commit() const {
        return walk_commit(walk_seed, kind, walkers_log2, std::span(roots).first(hold_batches));
    }
    Bytes32 commit() const { return walk_commit(walk_seed, kind, walkers_log2, roots); }
};

/// Batch after batch, `most` of them, as long as the next one, at the pace of those before, is over by the deadline.
void repeat_until(SteadyTime deadline, const std::stop_token& stop, std::size_t most,
                  const std::function<void()>& append_batch);

class MemoryProver {
public:
    /// Takes as many whole pages as `memory_limit_bytes` allow, at least one.
    MemoryProver(const Primitives& primitives, const Params& params, std::uint64_t memory_limit_bytes,
                 unsigned threads);

    std::uint64_t pages() const { return pages_; }
    std::uint64_t held_bytes() const { return pages_ * page_bytes(params_.host_pages); }

    /// Makes all pages. A stopped fill leaves no run to walk: is_filled() tells.
    void fill(const Bytes32& memory_seed, std::stop_token stop);
    bool is_filled() const { return is_filled_; }

    /// Walks as many batches as the hold mark needs, at once.
    void begin_walk(const Bytes32& walk_value);
    /// Walks on until no further batch would end before the deadline at the pace so far, or batch_limit is reached.
    void continue_walk(SteadyTime deadline, std::stop_token stop);

    const MemoryRun& run() const { return run_; }

    /// Opens the walkers that the query asks for; opened batches are walked again, so the memory must still be filled.
    MemoryPart open(std::span<const WalkQuery> queries);

private:
    void walk_batch(std::uint32_t batch);
    void append_batch();

    const Primitives primitives_;
    const Params params_;
    const unsigned threads_;
    const std::uint64_t pages_;
    const HugeArray<std::uint8_t> memory_;
    std::vector<std::uint64_t> ends_; ///< of the batch walked last
    std::vector<Bytes32> leaves_;
    bool is_filled_ = false;
    MemoryRun run_;
};

/// The device's entry in a hold mark, and in a walk mark.
DeviceEntry make_hold_entry(const MemoryRun& run, std::uint16_t index, const Bytes32& uid);
DeviceEntry make_walk_entry(const MemoryRun& run, std::uint16_t index, const Bytes32& uid);

} // namespace kaisar::popw
