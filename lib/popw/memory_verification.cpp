#include "popw/memory_verification.h"

#include "bytes/little_endian.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

// Keeps pages x blocks x 64 within 64 bits and what can be claimed within what machines have.
constexpr std::uint64_t page_limit = std::uint64_t{1} << 40;

// As many as the kernels make pages at once: more would only cost more where the first of them is wrong.
constexpr std::size_t walkers_at_once = 4;

Refusal mismatch(std::string detail) { return {VerdictCode::commit_mismatch, std::move(detail)}; }

DeviceKind memory_of(DeviceKind computing) {
    return computing == DeviceKind::cuda ? DeviceKind::device_memory : DeviceKind::host_memory;
}

Refusal check_entry(const DeviceEntry* entry, const DeviceEntry& computing, const MemoryPart& part,
                    std::uint64_t batches) {
    if (!entry) return mismatch("a hold or walk mark does not name the device");
    if (entry->kind != part.kind || entry->uid != computing.uid || entry->shape != part.walkers_log2 ||
        entry->pages != part.pages || entry->count != batches)
        return mismatch("a hold or walk mark commits another kind, size or number of batches than the proof shows");
    return {};
}

} // namespace

Refusal check_memory_marks(const Params& params, const Proof& proof, std::span<const Mark> marks,
                           std::span<const Bytes32> mark_hashes) {
    const auto& part = *proof.memory;
    const auto& computing = *marks[0].find_device(proof.device_index);
    if (part.kind != memory_of(computing.kind))
        return {VerdictCode::limits, "memory of that kind does not belong to the computing device"};
    if (part.pages == 0 || part.pages > page_limit)
        return {VerdictCode::limits, std::to_string(part.pages) + " pages cannot be held"};
    const auto accesses = std::uint64_t{part.hold_batches} * steps_per_walker << part.walkers_log2;
    if (accesses < std::uint64_t{1} << page_shape(params, part.kind).hold_accesses_log2)
        return {VerdictCode::limits, "the hold mark covers only " + std::to_string(accesses) + " accesses"};
    const auto& hold = marks[1];
    const auto& walk = marks[2];
    if (hold.phase != MarkPhase::hold || walk.phase != MarkPhase::walk || hold.previous_mark != mark_hashes[0] ||
        walk.previous_mark != mark_hashes[1])
        return mismatch("the marks are not a chain of compute, hold and walk");
    if (hold.committee_bitmap != walk.committee_bitmap || (hold.committee_bitmap & ~marks[0].committee_bitmap) != 0 ||
        hold.beacon_value != walk.beacon_value)
        return mismatch("hold and walk mark were not made from the same beacons of the same members");
    if (auto refusal = check_entry(hold.find_device(proof.device_index), computing, part, part.hold_batches);
        !refusal.ok())
        return refusal;
    return check_entry(walk.find_device(proof.device_index), computing, part, part.roots.size());
}

Refusal check_walk_commits(const MemoryClaim& claim, const Bytes32& walk_seed) {
    const auto& part = claim.part;
    const std::span<const Bytes32> roots(part.roots);
    const auto commit_of = [&](std::span<const Bytes32> some) {
        return walk_commit(walk_seed, part.kind, part.walkers_log2, some);
    };
    if (commit_of(roots.first(part.hold_batches)) != claim.hold_entry.commit)
        return mismatch("the first batches' roots are not those that the hold mark committed");
    if (commit_of(roots) != claim.walk_entry.commit)
        return mismatch("the batches' roots are not those that the walk mark committed");
    return {};
}

Refusal check_walks(const Primitives& primitives, const Params& params, const MemoryPart& part,
                    const Bytes32& memory_seed, const Bytes32& walk_seed, std::span<const WalkQuery> queries) {
    const TreeHasher hasher(primitives);
    const auto place = [&](std::size_t i) {
        return "walk opening " + std::to_string(i + 1) + " of " + std::to_string(queries.size());
    };
    for (std::size_t i = 0; i < queries.size(); ++i) { // all the paths first: they are cheap
        const auto& opening = part.openings[i];
        std::array<std::uint64_t, walkers_per_leaf> ends;
        for (std::size_t w = 0; w < ends.size(); ++w) ends[w] = load_le<std::uint64_t>(opening.ends.data() + 8 * w);
        Bytes32 leaf;
        hash_walk(primitives, ends, &leaf);
        if (hasher.fold_path(leaf, queries[i].walker >> leaf_log2, opening.siblings) != part.roots[queries[i].batch])
            return {VerdictCode::path_mismatch,
                    place(i) + " does not lead to the root of batch " + std::to_string(queries[i].batch)};
    }
    std::vector<WalkerOfBatch> walkers;
    for (const auto& [batch, walker] : queries)
        walkers.push_back({batch_key(walk_seed, batch, batch == 0 ? Bytes32{} : part.roots[batch - 1]), walker});
    std::vector<std::uint64_t> ends(queries.size());
    for (std::size_t first = 0; first < queries.size(); first += walkers_at_once) {
        const auto some = std::span(walkers).subspan(first, std::min(walkers_at_once, queries.size() - first));
        recompute_walkers(primitives, memory_seed, page_shape(params, part.kind), part.pages, some,
                          ends.data() + first);
        for (std::size_t i = first; i < first + some.size(); ++i)
            if (ends[i] !=
                load_le<std::uint64_t>(part.openings[i].ends.data() + 8 * (queries[i].walker % walkers_per_leaf)))
                return {VerdictCode::walk_mismatch, place(i) + ", walker " + std::to_string(queries[i].walker) +
                                                        " of batch " + std::to_string(queries[i].batch) +
                                                        ", did not read the memory that the seeds give"};
    }
    return {};
}

} // namespace kaisar::popw
