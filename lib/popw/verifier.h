/// Decides about one proof: the same code and the same answer for checkers, for the worker's own check before sending
/// and for anyone who audits a file.
#pragma once

#include "clock/clock.h"
#include "popw_rules/proof_message.h"
#include "popw_rules/schedule.h"
#include "popw_work/hashing.h"

namespace kaisar::popw {

/// What the verifier knows from elsewhere about the proof's node and slot; find_proof_identity says whose to look up.
struct VerifierContext {
    Params params;
    std::uint32_t network_id = 0;
    std::optional<Bytes32> node_key; ///< the node's public key; nothing if it is not registered
    std::vector<Bytes32> committee;  ///< checkers' public keys in committee order
    std::size_t quorum = 1;
    Bytes32 schedule_issuer{};                 ///< public key that signs schedule words
    std::optional<Bytes32> decided_proof_hash; ///< of the proof already decided for this node, slot and device
    std::optional<Bytes32> own_key;            ///< the verifying checker's public key
    std::vector<Receipt> own_receipts;         ///< all that it issued to this node in this slot
    std::optional<Instant> received_at;        ///< nothing: an audit, to which the deadline does not apply
};

/// The finding, with the attested figures where the code is ok.
struct Verification {
    VerdictCode code = VerdictCode::malformed;
    std::string detail; ///< what exactly is wrong, for a person
    ProofIdentity identity;
    Bytes32 proof_hash{};
    BeaconMode mode = BeaconMode::committee; ///< self: the figures are the prover's own word
    std::uint32_t profile_id = 0;
    std::uint32_t rounds = 0;
    std::uint64_t macs = 0;
    std::uint64_t compute_us = 0; ///< when a quorum had the mark, zero in mode self
    std::uint64_t held_bytes = 0;
    std::uint64_t hold_us = 0;
    std::uint64_t walk_bytes = 0;
    std::uint64_t walk_us = 0;
    double cpu_seconds = 0; ///< spent on verifying, by this thread

    bool ok() const { return code == VerdictCode::ok; }
};

/// Why a proof is refused; `ok` when it is not.
struct Refusal {
    VerdictCode code = VerdictCode::ok;
    std::string detail;
    bool ok() const { return code == VerdictCode::ok; }
};

/// Checks in ascending order of cost and stops at the first failure. Never throws for what `proof` contains.
Verification verify_proof(ByteView proof, const VerifierContext& context, const Primitives& primitives);

/// The verdict that says so; sign it with encode_verdict.
Verdict make_verdict(const Verification& verification, const Bytes32& issuer, const Bytes32& salt);

} // namespace kaisar::popw
