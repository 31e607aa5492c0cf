/// The memory part's own checks, which the verifier calls in their place among the others.
#pragma once

#include "popw/verifier.h"
#include "popw_work/memory.h"

namespace kaisar::popw {

/// What a verifier has found out about a proof's memory part from its marks.
struct MemoryClaim {
    const MemoryPart& part;
    const Mark& hold;
    const Mark& walk;
    const DeviceEntry& hold_entry;
    const DeviceEntry& walk_entry;
};

/// Kinds, chain, counts and bitmaps of hold and walk mark against the compute mark and the part.
Refusal check_memory_marks(const Params& params, const Proof& proof, std::span<const Mark> marks,
                           std::span<const Bytes32> mark_hashes);

/// The batch roots against what hold and walk mark committed; the former's are the beginning of the latter's.
Refusal check_walk_commits(const MemoryClaim& claim, const Bytes32& walk_seed);

/// Every opened walker: its leaf leads to its batch's root, and its end value is the one that the pages give.
Refusal check_walks(const Primitives& primitives, const Params& params, const MemoryPart& part,
                    const Bytes32& memory_seed, const Bytes32& walk_seed, std::span<const WalkQuery> queries);

} // namespace kaisar::popw
