// Whatever is done to an honest proof, the verifier answers with one of its codes, with the same one when asked again,
// and with `ok` only where everything that it asked for is what an honest worker would have opened.
#include "popw/verifier.h"

#include "error/error.h"
#include "fuzz/verifier_knowledge.h"

namespace {

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::popw::edited;

std::uint64_t end_of(const WalkOpening& opening, std::uint64_t walker) {
    std::uint64_t end = 0;
    std::memcpy(&end, opening.ends.data() + walker % walkers_per_leaf * sizeof(end), sizeof(end));
    return end;
}

// Draws the queries again and compares what was opened for them with what the original's maker had computed.
void require_honest(const Original& original, const Bytes& bytes, const Verification& found) {
    const auto& params = original.stage.params;
    const auto decoded = decode_proof(bytes, params);
    check(decoded.code == VerdictCode::ok, "an accepted proof can be decoded");
    const auto& proof = decoded.proof;
    check(encode_proof(proof, staged::node_key()) == bytes, "an accepted proof has one byte string");
    check(proof.epoch == original.proof.epoch && proof.slot == original.proof.slot &&
              proof.node_id == original.proof.node_id && proof.device_index == original.proof.device_index,
          "an accepted proof is for the slot, node and device that the work was done for");
    check(proof.compute && proof.compute->roots.size() <= original.leaves.size() &&
              found.rounds == proof.compute->roots.size() &&
              found.macs == found.rounds * all_profiles().front().macs_per_round(),
          "an accepted proof attests the rounds that were computed");
    check(found.compute_us <= static_cast<std::uint64_t>(params.compute_cutoff.count()),
          "an accepted mark was in time");
    check(!proof.memory || (original.walk && proof.memory->roots.size() <= original.walk->ends.size() &&
                            proof.memory->pages == original.stage.pages),
          "an accepted proof attests the memory that was walked");
    const auto seed = query_seed(query_value(original, proof), mark_hash(proof.marks.back()), proof.device_index);
    const auto& openings = proof.compute->openings;
    const auto asked = draw_tile_queries(staged::primitives(), seed, found.rounds, all_profiles().front(),
                                         tile_openings(params, found.mode));
    check(openings.size() == asked.size(), "an accepted proof opens as many tiles as are asked for");
    for (std::size_t i = 0; i < asked.size(); ++i)
        check(openings[i].leaf == original.leaves[asked[i].round][asked[i].leaf],
              "an accepted proof opens tiles that were computed");
    if (!proof.memory) return;
    const auto& part = *proof.memory;
    const auto walks = draw_walk_queries(staged::primitives(), seed, params, part.walkers_log2, part.hold_batches,
                                         static_cast<std::uint32_t>(part.roots.size()));
    check(part.openings.size() == walks.size(), "an accepted proof opens as many walks as are asked for");
    for (std::size_t i = 0; i < walks.size(); ++i)
        check(end_of(part.openings[i], walks[i].walker) == original.walk->ends[walks[i].batch][walks[i].walker],
              "an accepted proof opens walks that were walked");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = read_input({data, size});
    const auto proof = Editor(input).run();
    const auto context = context_of(input, proof);
    const auto found = verify_proof(proof, context, staged::primitives());
    check(find_verdict_code(static_cast<std::uint16_t>(found.code)).has_value(),
          "a finding has one of the codes 0 to 14");
    check(found.ok() == found.detail.empty(), "a refusal says why, and nothing else does");
    if (found.ok())
        require_honest(*input.original, proof, found);
    else
        check(found.macs == 0 && found.held_bytes == 0 && found.walk_bytes == 0, "a refused proof attests nothing");
    if (size % 8 != 0) return 0;
    const auto again = verify_proof(proof, context, staged::primitives());
    check(again.code == found.code && again.detail == found.detail && again.macs == found.macs &&
              again.compute_us == found.compute_us && again.proof_hash == found.proof_hash,
          "the same bytes get the same finding");
    return 0;
}
