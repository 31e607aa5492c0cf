/// One proving run from T0 to the proofs, step by step; members are what the steps hand on.
#pragma once

#include "proving/prove.h"
#include "slots/memory_phase.h"

#include <map>

namespace kaisar {

/// A slot's moments on this machine's clocks.
struct SlotTimes {
    popw::SlotId slot;
    Instant t0;
    popw::SteadyTime steady_t0;
};

CommitteeClient::Member member_of(const CheckerEntry& entry);

class SlotSession {
public:
    /// Opens the devices and finds the coming slot.
    SlotSession(const DataDirectory& directory, const ProvingWorker& worker, const Connection& connection,
                const ProveChoices& choices, ProveReport& report);

    void run();
    /// Once everything that has its time is done: each checker measures the line once an epoch.
    void measure_line();

private:
    void say(std::string_view what, double fraction) const {
        if (choices_.on_progress) choices_.on_progress(what, fraction);
    }
    void receive_start();
    void submit_heartbeat(popw::MarkStatus status = popw::MarkStatus::ready);
    void decline(const Objection& objection);
    ComputePhase compute();
    std::vector<Bytes> submit_mark(const Bytes& mark, std::uint64_t members, std::string_view phase);
    std::unique_ptr<MemoryPhase> prove_memory(const ComputePhase& compute);
    void require_filled(const MemoryPhase& memory) const;
    void make_proofs(const ComputePhase& phase, MemoryPhase* memory);
    popw::ProofFile make_device_proof(const ComputedDevice& computed, const ComputePhase& phase, MemoryPhase* memory);
    void tell_left_out_memory();
    void keep_proof(const popw::ProofFile& file);
    void keep_receipt(const Bytes& bytes, std::string_view phase);
    MemberAnswers receive_beacons(popw::BeaconPhase phase, popw::Microseconds since_t0, std::uint64_t members,
                                  std::size_t needed);
    const std::vector<Bytes>& query_beacons(std::uint64_t bitmap);
    std::chrono::milliseconds beacon_patience() const;
    void pause_for_splay() const;

    const DataDirectory& directory_;
    const ProvingWorker& worker_;
    const Connection& connection_;
    const ProveChoices& choices_;
    ProveReport& report_;
    DeviceList devices_;
    SlotTimes times_;
    std::optional<CommitteeClient> committee_;
    MemberAnswers heartbeats_;
    SlotStart start_;
    std::vector<Bytes> compute_receipts_, memory_receipts_;
    std::vector<LeftOut> memory_left_out_;
    std::string memory_fault_;                                  ///< that ended the phase for all
    std::map<std::uint64_t, std::vector<Bytes>> query_beacons_; ///< by committee
};

} // namespace kaisar
