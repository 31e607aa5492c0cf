/// The worker's part of one slot between the beacons: compute, commit, open, check the result before anyone else does.
///
/// Scheduled slots and on-demand challenges share it; they differ only in where their entropy comes from.
#pragma once

#include "client/committee_client.h"
#include "kernels/device_stream.h"
#include "popw/proof_file.h"
#include "popw_devices/proving_device.h"
#include "settings/network_profile.h"

#include <memory>

namespace kaisar {

/// Whether the processor itself proves.
enum class HostUse { proves, only_checks };

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
    HostUse host = HostUse::proves;
    /// They prove beside the processor, each with its own memory. Opened, and found to answer rightly.
    std::vector<kernels::DeviceStream*> gpus;
};

/// Decodes the profile's constants and lets the chosen kernels answer a known case.
ProvingWorker make_proving_worker(const Ed25519Key& key, const NetworkProfile& network,
                                  const popw::Primitives& primitives, unsigned threads,
                                  std::uint64_t memory_limit_bytes, std::stop_token stop);

/// The processor as a proving device: its profile chosen by a short measurement, its memory taken, its threads asleep.
std::unique_ptr<popw::ProvingDevice> make_cpu_device(const ProvingWorker& worker);

/// A device that is left out for the rest of a run.
struct LeftOut {
    std::string device;
    std::string uuid;
    std::string reason;
};

using DeviceList = std::vector<std::unique_ptr<popw::ProvingDevice>>;

/// All devices of the worker, the processor first; a GPU that fails is left out.
DeviceList make_devices(const ProvingWorker& worker, std::vector<LeftOut>& left_out);

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

/// A device and what it computed.
struct ComputedDevice {
    popw::ProvingDevice* device;
    popw::ComputeRun run;
};

struct ComputePhase {
    std::vector<ComputedDevice> devices; ///< one at least
    /// MARK1, signed.
    Bytes mark;
};

/// Lets all devices compute until `deadline`, each in a thread of its own, checks four random tiles of each by the
/// plain reference, commits. A device that fails or computes wrongly is left out; with none left, its error is the
/// run's. Error(interrupted) on a stop request. `on_round` is called by one thread at a time; its errors end the run.
ComputePhase run_compute_phase(const ProvingWorker& worker, std::span<popw::ProvingDevice* const> devices,
                               const SlotStart& start, popw::SteadyTime deadline,
                               const std::function<void(std::uint32_t rounds)>& on_round,
                               std::vector<LeftOut>& left_out);

/// The sign of life that every slot asks for.
Bytes make_heartbeat(const ProvingWorker& worker, const SlotStart& start, popw::MarkStatus status);

class MemoryPhase;

/// What the queries of a slot are drawn from, and what a proof shows of it.
struct QuerySource {
    const std::vector<Bytes>& beacons;  ///< C; none on demand, where the receipt holds the entropy
    const std::vector<Bytes>& receipts; ///< in the order of their marks
};

/// Opens what the query asks one device for and puts its proof together. `memory` is null where the device proves none.
popw::ProofFile make_proof(const ProvingWorker& worker, const SlotStart& start, const ComputedDevice& computed,
                           const Bytes& compute_mark, MemoryPhase* memory, const QuerySource& source);

/// A mark of that phase without devices, for this slot and worker.
popw::Mark make_mark(const ProvingWorker& worker, const SlotStart& start, popw::MarkPhase phase);

/// The combined value of a phase's beacons, in committee order.
Bytes32 combine_beacons(const ProvingWorker& worker, const SlotStart& start, popw::BeaconPhase phase,
                        const std::vector<Bytes>& beacons);

/// Verifies it as a checker would, with the worker's kernels and with the plain ones; Error(mismatch) with the verdict
/// when it would be rejected: then it is not sent.
popw::Verification require_acceptable(const ProvingWorker& worker, const popw::ProofFile& file);

} // namespace kaisar
