/// The memory proof's substance: pages that are expensive to make and walks that read them at random.
#pragma once

#include "popw_rules/messages.h"
#include "popw_work/hashing.h"

#include <vector>

namespace kaisar::popw {

inline constexpr std::size_t block_bytes = 64;
inline constexpr std::size_t walkers_per_leaf = 128;
inline constexpr std::size_t steps_per_walker = 8;
inline constexpr std::uint32_t leaf_log2 = 7;

constexpr std::size_t page_bytes(const PageShape& shape) { return block_bytes * shape.blocks; }

/// How memory of that kind, host or device memory, is cut into pages.
const PageShape& page_shape(const Params& params, DeviceKind kind);

/// S_m: bound to the compute mark, so that no page can be made before it.
Bytes32 memory_seed(const Bytes32& device_seed, const Bytes32& compute_mark_hash, DeviceKind kind, std::uint64_t pages);

/// Pages [first, first + count), back to back.
void fill_pages(const Primitives& primitives, const Bytes32& memory_seed, const PageShape& shape, std::uint64_t first,
                std::size_t count, std::uint8_t* out);

/// S_w: bound to beacon B, so that no walk can be made before it.
Bytes32 walk_seed(const Bytes32& memory_seed, const Bytes32& walk_value);

/// z of a batch: chained to the root of the preceding one, zero for the first.
Bytes32 batch_key(const Bytes32& walk_seed, std::uint32_t batch, const Bytes32& previous_root);

/// Commitment to the first batches; a hold mark's is that of the roots that a walk mark's begins with.
Bytes32 walk_commit(const Bytes32& walk_seed, DeviceKind kind, std::uint8_t walkers_log2,
                    std::span<const Bytes32> roots);

/// Walkers [first, first + count) of a batch over a memory of `blocks` blocks; first is a multiple of 8.
void walk(const Primitives& primitives, const Bytes32& batch_key, const std::uint8_t* memory, std::uint64_t blocks,
          std::uint64_t first, std::size_t count, std::uint64_t* ends);

/// The leaves over a batch's end values, 128 of them each.
void hash_walk(const Primitives& primitives, std::span<const std::uint64_t> ends, Bytes32* leaves);

/// A walker, and the key of its batch.
struct WalkerOfBatch {
    Bytes32 batch_key;
    std::uint64_t walker;
};

/// Some walkers' end values, from nothing but the seeds: what a verifier does for its openings, making each page that
/// is read. The walkers go in step, because the kernel makes several pages in the time of one.
void recompute_walkers(const Primitives& primitives, const Bytes32& memory_seed, const PageShape& shape,
                       std::uint64_t pages, std::span<const WalkerOfBatch> walkers, std::uint64_t* ends);

/// A walker that the query asks for.
struct WalkQuery {
    std::uint32_t batch;
    std::uint64_t walker;
    bool operator==(const WalkQuery&) const = default;
};

/// hold_openings walkers of the batches before the hold mark, then walk_openings of the rest (of the same, if there are
/// no more).
std::vector<WalkQuery> draw_walk_queries(const Primitives& primitives, const Bytes32& query_seed, const Params& params,
                                         std::uint8_t walkers_log2, std::uint32_t hold_batches, std::uint32_t batches);

} // namespace kaisar::popw
