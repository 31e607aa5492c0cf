/// The memory phase of a slot: fill memory from the compute mark on, walk it from beacon B on, commit twice.
#pragma once

#include "popw/memory_prover.h"
#include "proving/slot_run.h"

namespace kaisar {

/// Memory that is claimed together with the processor, as one device of the proof.
class MemoryPhase {
public:
    /// Takes and fills as much memory as the worker's limit allows and as can be filled until `fill_deadline` at the
    /// pace that a short measurement gives. Error(environment) when the system refuses the memory.
    MemoryPhase(const ProvingWorker& worker, const ComputeDevice& device, const SlotStart& start,
                const ComputePhase& compute, popw::SteadyTime fill_deadline);

    std::uint64_t held_bytes() const { return prover_->held_bytes(); }

    /// Walks what a hold mark has to cover and gives MARK2. `walk_beacons` are the beacons B of a quorum of those who
    /// gave a beacon A.
    Bytes begin(const MemberAnswers& walk_beacons);
    /// Walks on until `deadline` and gives MARK3.
    Bytes finish(popw::SteadyTime deadline);

    /// Of those who gave a beacon B: they are the committee of the marks from here on.
    std::uint64_t committee_bitmap() const { return committee_bitmap_; }
    /// The beacons B, as they were signed.
    const std::vector<Bytes>& beacons() const { return beacons_; }
    const Bytes& hold_mark() const { return hold_mark_; }
    const Bytes& walk_mark() const { return walk_mark_; }

    popw::MemoryPart open(const Bytes32& query_seed);

private:
    popw::Mark make_next_mark(popw::MarkPhase phase, const Bytes& previous) const;

    const ProvingWorker& worker_;
    const ComputeDevice& device_;
    const SlotStart& start_;
    const Bytes& compute_mark_;
    std::unique_ptr<popw::MemoryProver> prover_;
    Bytes32 walk_value_{};
    std::uint64_t committee_bitmap_ = 0;
    std::vector<Bytes> beacons_;
    Bytes hold_mark_;
    Bytes walk_mark_;
};

} // namespace kaisar
