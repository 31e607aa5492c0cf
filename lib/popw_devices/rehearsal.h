/// A whole slot offline: worker and checker in one process, with keys that nobody keeps.
#pragma once

#include "popw/proof_file.h"
#include "popw_devices/proving_device.h"
#include "popw_rules/linear_points.h"

namespace kaisar::popw {

struct RehearsalOptions {
    Params params;
    ProvingDevice* device = nullptr; ///< null: the processor with that many threads and that profile
    unsigned threads = 1;
    BeaconMode mode = BeaconMode::committee; ///< or self
    std::size_t checkers = 1;                ///< committee size in mode committee
    std::uint32_t profile_id = 0;
    /// Of memory to prove too, in mode committee; none: compute only. A GPU takes a share of its own in any case.
    std::uint64_t memory_limit_bytes = 0;
    Instant now{}; ///< names the epoch and slot that are played
    std::stop_token stop;
    std::function<void(std::uint32_t rounds)> on_round;
};

struct Rehearsal {
    ProofFile file;
    Verification verification;
    std::uint32_t rounds = 0;
    double macs_per_s = 0;  ///< while rounds were computed
    AttestedRates attested; ///< as a network would credit them; its own word in mode self
};

/// Plays one active slot and verifies the result: the compute phase in real time, and the memory phase, where one is
/// asked for, right after it with its receipts' times counted from walk_at. Throws Error(interrupted) when stopped
/// before the first round was finished.
Rehearsal rehearse(const RehearsalOptions& options, const Primitives& primitives);

} // namespace kaisar::popw
