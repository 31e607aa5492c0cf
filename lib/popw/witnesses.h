/// The verifier's part that looks at what others signed: the beacons that a proof was made from and the receipts of its
/// marks.
#pragma once

#include "popw/verifier.h"

#include <span>

namespace kaisar::popw {

/// What the witnesses of a proof say, once they are found to be the right ones.
struct Testimony {
    Bytes32 query_value{};
    std::vector<std::uint64_t> compute_us; ///< when each receipt's issuer received the mark, since T0
    std::vector<std::uint64_t> hold_us;
    std::vector<std::uint64_t> walk_us;
    Instant issued_at{}; ///< T0 of a challenge on demand
};

/// How many of the committee have to stand behind a proof of that mode.
std::size_t witness_quorum(const VerifierContext& context, BeaconMode mode);

/// Beacons and receipts, in their one order: who signed them, for what, and that the marks were made from them.
Refusal check_witnesses(const VerifierContext& context, const DecodedProof& decoded,
                        std::span<const Bytes32> mark_hashes, Testimony& testimony);

} // namespace kaisar::popw
