/// The worker's part of one slot between the beacons: compute, commit, open, check the result before anyone else does.
///
/// Scheduled slots and on-demand challenges share it; they differ only in where their entropy comes from.
#pragma once

#include "client/committee_client.h"
#include "popw/compute_prover.h"
#include "popw/proof_file.h"
#include "settings/network_profile.h"

#include <memory>

namespace kaisar {

/// What stays the same over all slots of one process.
struct ProvingWorker {
    const Ed25519Key& key;
    Bytes32 node_id{};
    const NetworkProfile& network;
    popw::Params params;
    popw::Primitives primitives;
    unsigned threads = 1;
    /// For computing.
    std::uint64_t memory_limit_bytes = 0;
    /// To be held in a memory phase; zero leaves memory out of the proof.
    std::uint64_t held_memory_limit_bytes = 0;
    std::stop_token stop;
};

/// Decodes the profile's constants and lets the chosen kernels answer a known case.
ProvingWorker make_proving_worker(const Ed25519Key& key, const NetworkProfile& network,
                                  const popw::Primitives& primitives, unsigned threads,
                                  std::uint64_t memory_limit_bytes, std::stop_token stop);

/// The processor as a proving device: its profile chosen by a short measurement, its memory taken, its threads asleep.
class ComputeDevice {
public:
    explicit ComputeDevice(const ProvingWorker& worker);

    static constexpr std::uint16_t index = 0;
    const popw::Profile& profile() const { return prover_->profile(); }
    const Bytes32& uid() const { return uid_; }
    popw::ComputeProver& prover() const { return *prover_; }
    /// What the short measurement gave.
    double macs_per_s() const { return macs_per_s_; }

private:
    Bytes32 uid_;
    double macs_per_s_ = 0;
    std::unique_ptr<popw::ComputeProver> prover_;
};

/// A slot's entropy up to the start of the computation.
struct SlotStart {
    popw::BeaconMode mode = popw::BeaconMode::committee;
    popw::SlotId slot;
    Bytes32 schedule_word{};
    Bytes32 value{};
    std::vector<Bytes32> committee; ///< public keys of all members, in committee order
    std::uint64_t committee_bitmap = 0;
    /// The beacons so far, as they were signed.
    std::vector<Bytes> beacons;
};

/// From the beacons S and A of a scheduled slot, the latter of those members who count as its committee from then on;
/// or from the one beacon of an on-demand challenge.
SlotStart make_scheduled_start(const ProvingWorker& worker, const Bytes& schedule_beacon,
                               const CommitteeClient& committee, const MemberAnswers& start_beacons);
SlotStart make_on_demand_start(const ProvingWorker& worker, const Bytes& beacon);

struct ComputePhase {
    popw::ComputeRun run;
    /// MARK1, signed.
    Bytes mark;
};

/// Computes until `deadline`, checks four random tiles by the plain reference, commits. Error(interrupted) on a stop
/// request.
ComputePhase run_compute_phase(const ProvingWorker& worker, const ComputeDevice& device, const SlotStart& start,
                               popw::SteadyTime deadline, const std::function<void(std::uint32_t rounds)>& on_round);

/// The sign of life that every slot asks for.
Bytes make_heartbeat(const ProvingWorker& worker, const SlotStart& start, popw::MarkStatus status);

class MemoryPhase;

/// Opens what the query asks for and puts the proof together. `memory` is null where memory is not proved;
/// `query_beacons` are the beacons C (none on demand, where the receipt holds the entropy); receipts in the order of
/// their marks.
popw::ProofFile make_proof(const ProvingWorker& worker, const SlotStart& start, const ComputePhase& compute,
                           MemoryPhase* memory, const std::vector<Bytes>& query_beacons,
                           const std::vector<Bytes>& receipts);

/// A mark of that phase without devices, for this slot and worker.
popw::Mark make_mark(const ProvingWorker& worker, const SlotStart& start, popw::MarkPhase phase);

/// The combined value of a phase's beacons, in committee order.
Bytes32 combine_beacons(const ProvingWorker& worker, const SlotStart& start, popw::BeaconPhase phase,
                        const std::vector<Bytes>& beacons);

/// Verifies it as a checker would, with the worker's kernels and with the plain ones; Error(mismatch) with the verdict
/// when it would be rejected: then it is not sent.
popw::Verification require_acceptable(const ProvingWorker& worker, const popw::ProofFile& file);

} // namespace kaisar
