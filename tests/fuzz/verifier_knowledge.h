/// What the verifier of an edited proof knows beside it, as the input's third byte has it.
#pragma once

#include "fuzz/edited_proof.h"

namespace kaisar::popw::edited {

/// What the verifier knows or sees differently, one bit each.
enum Knowledge : std::uint8_t {
    unknown_node = 1,
    decided_same = 2,
    decided_other = 4,
    own_checker = 8,
    arrives_early = 16,
    arrives_late = 32,
    other_network = 64,
    larger_quorum = 128
};

inline VerifierContext context_of(const Input& input, const Bytes& proof) {
    const auto& original = *input.original;
    const auto knows = [&](Knowledge bit) { return (input.knowledge & bit) != 0; };
    auto context = staged::context_of(original.file);
    if (knows(unknown_node)) context.node_key = staged::key(0x12).public_key();
    if (knows(decided_same)) context.decided_proof_hash = proof_hash(proof);
    if (knows(decided_other)) context.decided_proof_hash = proof_hash(original.file.proof);
    if (knows(other_network)) context.network_id ^= 1;
    if (knows(larger_quorum)) context.quorum += 1;
    const auto t0 = original.stage.mode == BeaconMode::on_demand ? Instant(Microseconds(original.stage.issued_at_us))
                                                                 : t0_of(context.params, original.stage.slot);
    if (knows(arrives_early)) context.received_at = t0 - Microseconds(1);
    if (knows(arrives_late)) context.received_at = t0 + context.params.proof_deadline + Microseconds(1);
    if (!knows(own_checker)) return context;
    context.own_key = staged::checker_key(1).public_key();
    for (const auto& bytes : original.proof.receipts)
        if (const auto receipt = decode_receipt(bytes); receipt && receipt->issuer == *context.own_key)
            context.own_receipts.push_back(*receipt);
    return context;
}

} // namespace kaisar::popw::edited
