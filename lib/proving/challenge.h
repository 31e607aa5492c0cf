/// Answers an on-demand challenge: for registration and for spot checks.
#pragma once

#include "client/checker_client.h"
#include "slots/slot_run.h"

namespace kaisar {

struct ChallengeAnswer {
    popw::ProofFile file;
    popw::Verification verification;
    Bytes receipt;
};

/// Computes from `asked_at` (when the challenge was asked for) for the compute window, commits to the first checker of
/// the network, opens what its receipt asks for and verifies the result. The proof is not submitted yet.
ChallengeAnswer answer_challenge(const ProvingWorker& worker, popw::ProvingDevice& device, const Bytes& beacon,
                                 popw::SteadyTime asked_at, const Connection& connection,
                                 const std::function<void(std::uint32_t rounds)>& on_round = {});

} // namespace kaisar
