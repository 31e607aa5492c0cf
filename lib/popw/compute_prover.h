/// The compute proof's worker side on a CPU: rounds until the time is up, then openings of whatever the query asks for.
///
/// Memory is bounded by ComputeProver::memory_bytes and taken when the prover is made, before the clock runs.
#pragma once

#include "popw_rules/proof_message.h"
#include "popw_work/seeds.h"
#include "popw_work/tiles.h"

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

namespace kaisar::popw {

using SteadyTime = std::chrono::steady_clock::time_point;

/// What one run committed to; enough, with the prover's kernels, to open any tile of it.
struct ComputeRun {
    Profile profile{};
    Bytes32 device_seed{};
    std::vector<Bytes32> roots;
    /// Per round, the roots of the superblocks in leaf order.
    std::vector<std::vector<Bytes32>> superblock_roots;
    std::chrono::steady_clock::duration elapsed{};

    Bytes32 commit() const { return compute_commit(device_seed, profile.id, roots); }
    std::uint64_t macs() const { return roots.size() * profile.macs_per_round(); }
};

/// When a run ends: no round is begun that, at the pace so far, would end after the deadline; one is always made.
struct RunLimits {
    SteadyTime deadline;
    std::uint32_t round_limit = hard_round_limit;
    std::stop_token stop;
    /// Called from the run after each round with the number made.
    std::function<void(std::uint32_t rounds)> on_round;
};

class ComputeProver {
public:
    /// Takes the memory for `threads` threads; Error(environment) when there is not enough.
    ComputeProver(const Primitives& primitives, const Profile& profile, unsigned threads);
    ~ComputeProver();

    /// Blocks until the limits are reached. An interrupted run keeps the rounds that were finished, perhaps none.
    ComputeRun run(const Bytes32& device_seed, const RunLimits& limits);

    const Profile& profile() const;

    /// What a prover of that shape holds at most, the nodes of `rounds` rounds included.
    static std::uint64_t memory_bytes(const Primitives& primitives, const Profile& profile, unsigned threads,
                                      std::uint32_t rounds);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The device's entry in a compute mark.
DeviceEntry make_compute_entry(const ComputeRun& run, std::uint16_t index, DeviceKind kind, const Bytes32& uid);

/// Recomputes `tiles` random tiles of the run with the plain kernels; Error(mismatch) when one differs, so that a flaky
/// machine finds out before its mark does.
void require_consistent(const Primitives& primitives, const ComputeRun& run, std::size_t tiles = 4);

/// Opens the tiles that the query asks for; opened superblocks are computed again.
ComputePart open_tiles(const Primitives& primitives, const ComputeRun& run, std::span<const TileQuery> queries);

/// The largest allowed profile of which at least eight rounds fit into the compute window at that rate and whose memory
/// stays within the limit; the smallest allowed one when none does.
const Profile& choose_profile(const Params& params, double macs_per_s,
                              const std::function<std::uint64_t(const Profile& profile)>& memory_bytes,
                              std::uint64_t memory_limit_bytes);
/// For ComputeProver.
const Profile& choose_profile(const Params& params, double macs_per_s, const Primitives& primitives, unsigned threads,
                              std::uint64_t memory_limit_bytes);

} // namespace kaisar::popw
