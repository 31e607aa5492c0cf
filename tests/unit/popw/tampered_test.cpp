#include "golden/tampered_proofs.h"
#include "staged_proof.h"

#include <set>

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::popw::staged;

namespace {

Verification verify(const golden::TamperedProof& proof) {
    const auto file = decode_proof_file(proof.file);
    REQUIRE(file);
    auto context = context_of(*file);
    const auto space = proof.knowledge.find(' ');
    const auto kind = proof.knowledge.substr(0, space);
    if (kind == "received")
        context.received_at =
            Instant(Microseconds(static_cast<std::int64_t>(golden::number_of(proof.knowledge.substr(space + 1)))));
    else if (kind == "decided")
        context.decided_proof_hash = array_of<32>(*decode_hex(proof.knowledge.substr(space + 1)));
    else
        REQUIRE(kind.empty());
    return verify_proof(file->proof, context, primitives());
}

} // namespace

TEST_CASE("every tampered proof of the reference gets the reference's code, and every code is among them") {
    std::set<std::uint16_t> seen;
    for (const auto& proof : golden::tampered_proofs()) {
        const auto found = verify(proof);
        INFO(proof.name << ": " << found.detail);
        CHECK(static_cast<std::uint16_t>(found.code) == proof.code);
        seen.insert(proof.code);
    }
    for (std::uint16_t code = 0; code <= 14; ++code) CHECK(seen.count(code) == 1);
}

TEST_CASE("the reference's cheaters cheat as the staged ones do, byte for byte") {
    Stage skipping;
    skipping.change_leaves = [](std::uint32_t round, std::vector<Bytes32>& leaves) {
        if (round == 1)
            for (std::size_t leaf = 0; leaf < leaves.size(); leaf += 4) leaves[leaf] = {};
    };
    CHECK(encode_proof_file(make_proof_file(skipping)) == golden::file("t0_skipped_tile.kpw"));
    auto lacking = memory_stage();
    lacking.pages = 2;
    lacking.change_memory = [](Bytes& memory) { std::fill(memory.begin() + 65536, memory.end(), std::uint8_t{0}); };
    CHECK(encode_proof_file(make_proof_file(lacking)) == golden::file("t0_missing_page.kpw"));
    CHECK(encode_proof_file(make_proof_file(on_demand_stage())) == golden::file("t0_on_demand.kpw"));
}
