/// The memory phase of a slot: every device fills its memory from the compute mark on, walks it from beacon B on, and
/// all commit twice together.
#pragma once

#include "slots/slot_run.h"

namespace kaisar {

class MemoryPhase {
public:
    /// Lets all devices that computed take and fill as much memory as the limits allow and as can be filled until
    /// `fill_deadline`, the host's only where `worker` claims some. A device that cannot is left out of this phase,
    /// and told in `left_out`; devices() tells who is in.
    MemoryPhase(const ProvingWorker& worker, const SlotStart& start, const ComputePhase& compute,
                popw::SteadyTime fill_deadline, std::vector<LeftOut>& left_out);
    ~MemoryPhase();

    bool has(const popw::ProvingDevice& device) const;
    bool is_empty() const { return devices_.empty(); }
    std::uint64_t held_bytes() const;

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

    popw::MemoryPart open(popw::ProvingDevice& device, const Bytes32& query_seed);
    /// Its proof will do without.
    void leave_out(const popw::ProvingDevice& device, std::string reason);

private:
    popw::Mark make_next_mark(popw::MarkPhase phase, const Bytes& previous) const;
    void fill(const ComputedDevice& computed, popw::SteadyTime fill_deadline) const;
    /// Lets all that are still in do that, and leaves out those that fail.
    void each_does(const std::function<void(popw::ProvingDevice&)>& part);

    const ProvingWorker& worker_;
    const SlotStart& start_;
    const Bytes& compute_mark_;
    std::vector<LeftOut>& left_out_;
    std::vector<popw::ProvingDevice*> devices_;
    Bytes32 walk_value_{};
    std::uint64_t committee_bitmap_ = 0;
    std::vector<Bytes> beacons_;
    Bytes hold_mark_;
    Bytes walk_mark_;
};

} // namespace kaisar
