#include "golden/golden_vectors.h"
#include "staged_proof.h"

#include <set>

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::popw::staged;
using namespace std::chrono_literals;

namespace {

// The file's proof with its bytes changed after signing.
Verification verify_bytes(const ProofFile& honest, const std::function<void(Bytes&)>& change) {
    auto file = honest;
    change(file.proof);
    return verify_proof_file(file, primitives());
}

} // namespace

TEST_CASE("honest proofs of every mode are accepted with their figures") {
    const auto committee = verify({});
    CHECK(committee.code == VerdictCode::ok);
    CHECK(committee.macs == 2 * 4194304);
    CHECK(committee.compute_us == 91234); // the upper median of two
    CHECK(committee.rounds == 2);
    CHECK(committee.identity.device_index == 3);
    CHECK(verify({.mode = BeaconMode::self}).code == VerdictCode::ok);
    CHECK(verify({.mode = BeaconMode::self}).compute_us == 0);
    const auto on_demand = verify(on_demand_stage());
    CHECK(on_demand.detail == "");
    CHECK(on_demand.code == VerdictCode::ok);
    CHECK(on_demand.compute_us == 120000);
}

TEST_CASE("the staged proof is the reference's byte for byte") {
    CHECK(encode_proof_file(make_proof_file({})) == golden::file("t0_committee.kpw"));
    auto memory = memory_stage();
    memory.pages = 2;
    CHECK(encode_proof_file(make_proof_file(memory)) == golden::file("t0_memory.kpw"));
}

TEST_CASE("the reference's proofs, and earlier ones of this prover, are accepted") {
    for (const auto* name : {"t0_committee.kpw", "t0_self.kpw", "t0_memory.kpw", "cpp_t0.kpw", "cpp_c1.kpw"}) {
        const auto file = decode_proof_file(golden::file(name));
        REQUIRE(file);
        CHECK(verify_proof_file(*file, primitives()).code == VerdictCode::ok);
    }
}

TEST_CASE("code 1: a proof that is cut, padded or has reserved bits is malformed") {
    const auto honest = make_proof_file({});
    CHECK(verify_bytes(honest, [](Bytes& b) { b.pop_back(); }).code == VerdictCode::malformed);
    CHECK(verify_bytes(honest, [](Bytes& b) { b.clear(); }).code == VerdictCode::malformed);
    CHECK(verify_bytes(honest, [](Bytes& b) { b.push_back(0); }).code == VerdictCode::malformed);
    CHECK(verify_bytes(honest, [](Bytes& b) { b[6] = 1; }).code == VerdictCode::malformed);  // flags
    CHECK(verify_bytes(honest, [](Bytes& b) { b[30] = 0; }).code == VerdictCode::malformed); // no parts
    CHECK(verify_bytes(honest, [](Bytes& b) { b[30] = 5; }).code == VerdictCode::malformed);
    CHECK(verify_bytes(honest, [](Bytes& b) { b[70] = 1; }).code == VerdictCode::malformed); // reserved
    CHECK(verify_bytes(honest, [](Bytes& b) { b.resize(message_limit_bytes + 1); }).code == VerdictCode::malformed);
}

TEST_CASE("code 1: an empty or short list of openings is malformed, not a smaller proof") {
    CHECK(verify({.change_proof = [](Proof& p) { p.compute->openings.clear(); }}).code == VerdictCode::malformed);
    CHECK(verify({.change_proof = [](Proof& p) { p.compute->openings.pop_back(); }}).code == VerdictCode::malformed);
    CHECK(verify({.change_proof = [](Proof& p) { p.compute->openings[5].siblings.pop_back(); }}).code ==
          VerdictCode::malformed);
    CHECK(verify({.change_proof = [](Proof& p) { p.marks.push_back(p.marks[0]); }}).code == VerdictCode::malformed);
    CHECK(verify({.mode = BeaconMode::self, .change_mark = [](Mark& m) { m.committee_bitmap = 1; }}).code ==
          VerdictCode::malformed);
}

TEST_CASE("code 2: a node without a registered key, or with another, is unknown") {
    const auto file = make_proof_file({});
    auto context = context_of(file);
    context.node_key.reset();
    CHECK(verify_proof(file.proof, context, primitives()).code == VerdictCode::unknown_node);
    context.node_key = key(0x12).public_key();
    CHECK(verify_proof(file.proof, context, primitives()).code == VerdictCode::unknown_node);
}

TEST_CASE("code 3: inactive, impossible and future slots get no verdict of ok") {
    Stage stage;
    stage.params.active_threshold = 1000; // the word is far above
    CHECK(verify(stage).code == VerdictCode::not_active);
    CHECK(verify({.slot = {20000, 30}}).code == VerdictCode::not_active); // an epoch of `test` has thirty slots
    auto early = on_demand_stage();
    early.slot.slot = 5;
    CHECK(verify(early).code == VerdictCode::not_active);
    const auto file = make_proof_file({});
    auto context = context_of(file);
    context.received_at = t0_of(file.params, {20000, 17}) - 1us;
    CHECK(verify_proof(file.proof, context, primitives()).code == VerdictCode::not_active);
}

TEST_CASE("code 4: marks after the cut-off and proofs after the deadline are late") {
    CHECK(verify({.received_us = {500000, 500000}}).code == VerdictCode::ok);
    CHECK(verify({.received_us = {1, 500001}}).code == VerdictCode::late);
    const auto file = make_proof_file({});
    auto context = context_of(file);
    context.received_at = t0_of(file.params, {20000, 17}) + file.params.proof_deadline;
    CHECK(verify_proof(file.proof, context, primitives()).code == VerdictCode::ok);
    context.received_at = *context.received_at + 1us;
    CHECK(verify_proof(file.proof, context, primitives()).code == VerdictCode::late);
    const auto on_demand = make_proof_file(on_demand_stage());
    context.received_at = Instant(Microseconds(1728000000000000)) + file.params.proof_deadline + 1us;
    CHECK(verify_proof(on_demand.proof, context, primitives()).code == VerdictCode::late);
}

TEST_CASE("code 5: every signature counts") {
    CHECK(verify({.signer = 0x12}).code == VerdictCode::bad_signature);
    const auto flip_last = [](Bytes& message) { message.back() ^= 1; };
    CHECK(verify({.change_proof = [&](Proof& p) { flip_last(p.marks[0]); }}).code == VerdictCode::bad_signature);
    for (std::size_t i = 0; i < 5; ++i)
        CHECK(verify({.change_proof = [&](Proof& p) { flip_last(p.beacons[i]); }}).code == VerdictCode::bad_signature);
    for (std::size_t i = 0; i < 2; ++i)
        CHECK(verify({.change_proof = [&](Proof& p) { flip_last(p.receipts[i]); }}).code == VerdictCode::bad_signature);
    CHECK(verify_bytes(make_proof_file({}), [](Bytes& b) { b[b.size() - 1] ^= 1; }).code == VerdictCode::bad_signature);
}

TEST_CASE("code 6: too few, doubled, foreign or disordered witnesses are no quorum") {
    CHECK(verify({.members = {0}}).code == VerdictCode::receipt_quorum);
    CHECK(verify({.members = {0, 5}}).code == VerdictCode::receipt_quorum);
    CHECK(verify({.receivers = {1}}).code == VerdictCode::receipt_quorum);
    CHECK(verify({.receivers = {1, 0}}).code == VerdictCode::receipt_quorum);
    CHECK(verify({.receivers = {1, 1}}).code == VerdictCode::receipt_quorum);
    CHECK(verify({.receivers = {0, 5}}).code == VerdictCode::receipt_quorum);
    CHECK(verify({.change_proof = [](Proof& p) { p.beacons.pop_back(); }}).code == VerdictCode::receipt_quorum);
    CHECK(verify({.change_proof = [](Proof& p) { std::swap(p.beacons[1], p.beacons[2]); }}).code ==
          VerdictCode::receipt_quorum);
    CHECK(verify({.change_proof = [](Proof& p) { std::swap(p.beacons[0], p.beacons[1]); }}).code ==
          VerdictCode::receipt_quorum);
    auto file = make_proof_file({});
    file.schedule_issuer = checker_key(1).public_key();
    CHECK(verify_proof_file(file, primitives()).code == VerdictCode::receipt_quorum);
}

TEST_CASE("code 6: a checker refuses receipts in its name that it never issued") {
    const auto file = make_proof_file({});
    const auto decoded = decode_proof(file.proof, file.params);
    auto context = context_of(file);
    context.own_key = checker_key(0).public_key();
    CHECK(verify_proof(file.proof, context, primitives()).code == VerdictCode::receipt_quorum);
    context.own_receipts = {*decode_receipt(decoded.proof.receipts[0])};
    CHECK(verify_proof(file.proof, context, primitives()).code == VerdictCode::ok);
    context.own_receipts[0].received_us += 1;
    CHECK(verify_proof(file.proof, context, primitives()).code == VerdictCode::receipt_quorum);
}

TEST_CASE("code 7: parts that do not belong together are refused") {
    const auto is_mismatch = [](const Stage& stage) { return verify(stage).code == VerdictCode::commit_mismatch; };
    CHECK(is_mismatch({.change_mark = [](Mark& m) { m.slot += 1; }}));
    CHECK(is_mismatch({.change_mark = [](Mark& m) { m.node_id[0] ^= 1; }}));
    CHECK(is_mismatch({.change_mark = [](Mark& m) { m.previous_mark[0] = 1; }}));
    CHECK(is_mismatch({.change_mark = [](Mark& m) { m.beacon_value[0] ^= 1; }}));
    CHECK(is_mismatch({.change_mark = [](Mark& m) { m.devices[0].commit[0] ^= 1; }}));
    CHECK(is_mismatch({.change_mark = [](Mark& m) { m.devices[0].count += 1; }})); // more work than was done
    CHECK(is_mismatch({.change_mark = [](Mark& m) { m.devices[0].uid[0] ^= 1; }}));
    CHECK(is_mismatch({.change_mark = [](Mark& m) { m.devices[0].kind = DeviceKind::cuda; }}));
    CHECK(is_mismatch({.change_beacon = [](Beacon& b) { b.slot += 1; }}));
    CHECK(is_mismatch({.change_receipt = [](Receipt& r) { r.mark_hash[0] ^= 1; }}));
    CHECK(is_mismatch({.change_receipt = [](Receipt& r) { r.value[0] = 1; }}));
    CHECK(is_mismatch({.change_proof = [](Proof& p) { p.compute->roots[0][0] ^= 1; }}));
    auto on_demand = on_demand_stage();
    on_demand.receipt_value = {}; // no query entropy
    CHECK(is_mismatch(on_demand));
    on_demand = on_demand_stage();
    on_demand.change_beacon = [](Beacon& b) { b.node_id[0] ^= 1; };
    CHECK(is_mismatch(on_demand));
}

TEST_CASE("code 8: openings of other tiles than those asked for are refused") {
    CHECK(verify({.change_queries = [](auto& q) { q[0].leaf ^= 1; }}).code == VerdictCode::path_mismatch);
    CHECK(verify({.change_queries = [](auto& q) { q[63].round ^= 1; }}).code == VerdictCode::path_mismatch);
    CHECK(verify({.change_queries = [](auto& q) { std::ranges::fill(q, q[0]); }}).code == VerdictCode::path_mismatch);
    CHECK(verify({.change_proof = [](Proof& p) { p.compute->openings[9].siblings[3][0] ^= 1; }}).code ==
          VerdictCode::path_mismatch);
    CHECK(verify({.change_proof = [](Proof& p) { p.compute->openings[9].leaf[31] ^= 1; }}).code ==
          VerdictCode::path_mismatch);
}

TEST_CASE("code 9: a prover that skips work is caught at a committed, well-opened tile") {
    const Stage skipping{.change_leaves = [](std::uint32_t, std::vector<Bytes32>& leaves) {
        for (std::size_t i = 0; i < leaves.size(); i += 4) leaves[i] = golden::repeated(1); // a quarter is made up
    }};
    CHECK(verify(skipping).code == VerdictCode::tile_mismatch);
    const Stage repeating{
        .change_leaves = [first = std::vector<Bytes32>()](std::uint32_t round, std::vector<Bytes32>& leaves) mutable {
            if (round == 0) first = leaves;
            leaves = first; // the first round's work handed in twice
        }};
    CHECK(verify(repeating).code == VerdictCode::tile_mismatch);
}

TEST_CASE("code 9: rounds that are not chained to their predecessor are not the right product") {
    // Roots swapped before they are committed: every tree is honest work, but for another place in the chain.
    const Stage swapped{.change_roots = [](std::vector<Bytes32>& roots) { std::swap(roots[0], roots[1]); },
                        .change_queries =
                            [](std::vector<TileQuery>& queries) {
                                for (auto& query : queries) query.round ^= 1;
                            }};
    CHECK(verify(swapped).code == VerdictCode::tile_mismatch);
}

TEST_CASE("code 12: profiles, rounds, modes and parts beyond the network's limits are refused") {
    CHECK(verify({.change_mark = [](Mark& m) { m.devices[0].shape = 1; }}).code == VerdictCode::limits);
    CHECK(verify({.change_mark = [](Mark& m) { m.devices[0].shape = 200; }}).code == VerdictCode::limits);
    CHECK(verify({.change_mark = [](Mark& m) { m.devices[0].kind = DeviceKind::host_memory; }}).code ==
          VerdictCode::limits);
    CHECK(verify({.change_proof = [](Proof& p) { p.compute->roots.clear(); }}).code == VerdictCode::limits);
    CHECK(verify({.change_proof = [](Proof& p) { p.compute->roots.resize(2049); }}).code == VerdictCode::limits);
    CHECK(verify({.mode = BeaconMode::drand}).code == VerdictCode::limits);
}

TEST_CASE("code 13: a second, different proof for the same device is a duplicate, the same again is not") {
    const auto file = make_proof_file({});
    auto context = context_of(file);
    context.decided_proof_hash = proof_hash(file.proof);
    CHECK(verify_proof(file.proof, context, primitives()).code == VerdictCode::ok);
    const auto other = make_proof_file({.received_us = {90001, 91234}});
    CHECK(verify_proof(other.proof, context, primitives()).code == VerdictCode::duplicate);
}

TEST_CASE("code 14: proofs made under other constants or on another network are refused") {
    auto file = make_proof_file({});
    file.params.proof_deadline += 1us;
    CHECK(verify_proof_file(file, primitives()).code == VerdictCode::params_mismatch);
    file = make_proof_file({});
    file.network_id = 8;
    CHECK(verify_proof_file(file, primitives()).code == VerdictCode::params_mismatch);
}

TEST_CASE("no single turned bit anywhere in a signed proof is accepted") {
    const auto honest = make_proof_file({});
    std::set<VerdictCode> seen;
    for (std::size_t at = 0; at < honest.proof.size(); at += 13) {
        const auto found =
            verify_bytes(honest, [&](Bytes& b) { b[at] = static_cast<std::uint8_t>(b[at] ^ (1u << (at % 8))); });
        INFO("byte " << at);
        CHECK_FALSE(found.ok());
        seen.insert(found.code);
    }
    CHECK(seen.count(VerdictCode::bad_signature) == 1);
}

TEST_CASE("a verdict repeats the finding and carries no figures of a refused proof") {
    const auto good = make_verdict(verify({}), golden::repeated(1), golden::repeated(2));
    CHECK(good.macs == 2 * 4194304);
    CHECK(good.compute_us == 91234);
    CHECK(decode_verdict(encode_verdict(good, key(1))) == good);
    const auto bad = make_verdict(verify({.received_us = {600000, 600000}}), golden::repeated(1), golden::repeated(2));
    CHECK(bad.code == VerdictCode::late);
    CHECK(bad.macs == 0);
    CHECK(bad.compute_us == 0);
}
