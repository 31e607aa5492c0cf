/// Which checkers watch a worker in an epoch, and what their votes come to.
#pragma once

#include "network/store.h"
#include "popw/verifier.h"

namespace kaisar::checker {

/// What every checker of a network agrees on, and whose keys speak for it.
struct NetworkConstants {
    popw::Params params;
    Bytes32 params_hash{};
    std::uint32_t network_id = 0;
    std::vector<Bytes32> checker_keys; ///< public; the first one is the peer's
    std::size_t committee_size = 1;
    Bytes32 schedule_key{};     ///< public; signs schedule words
    ByteView schedule_secret{}; ///< what schedule words are made of
};

/// The schedule word of a slot, published at its T0.
Bytes32 schedule_word(ByteView secret, std::uint32_t network_id, popw::SlotId slot);

/// Public keys of the checkers that get tasks in an epoch: all but those that were banned when it began.
std::vector<Bytes32> eligible_checkers(const network::RecordReader& records, const NetworkConstants& constants,
                                       std::uint64_t epoch);

/// Public keys of those who watch the slot that a mark or a proof is about, in committee order: the peer alone on
/// demand.
std::vector<Bytes32> committee_of(const network::RecordReader& records, const NetworkConstants& constants,
                                  const network::SlotKey& key);

/// The context in which a stored proof is judged by who received it: at its arrival, or at any time later with the same
/// outcome.
popw::VerifierContext make_verifier_context(const network::RecordReader& records, const NetworkConstants& constants,
                                            const network::ProofRecord& proof);

/// Takes the revealed votes about a device's slot to their end, in the operation that revealed one: writes the verdict
/// down as soon as a quorum agrees, and notes who voted otherwise about that proof.
void settle_votes(network::RecordWriter& records, const NetworkConstants& constants, const network::SlotKey& key,
                  std::uint16_t device, Instant now);

} // namespace kaisar::checker
