// Cheats against a committee of three: telling its members different things, and choosing afterwards whom to have
// asked.
#include "checker/committee.h"
#include "protocol/portal_messages_json.h"
#include "unit/checker/stage.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::checker;
using namespace std::chrono_literals;
using popw::VerdictCode;

namespace {

/// A worker's slot in which any member may be told anything; members are named by their place.
class Committee {
public:
    Committee() : stage_(played_params(), 3), slot_((stage_.insert_worker(), stage_.coming_slot())) {
        stage_.store.read([&](const network::RecordReader& records) {
            keys_ = committee_of(records, stage_.constants(), slot_key(stage_.node_id, slot_.epoch, slot_.slot));
        });
        at(0us);
        schedule_ = stage_.fetch_beacon(slot_, 'S');
    }

    void at(std::chrono::microseconds after) { stage_.clock.set(t0_of(stage_.params, slot_) + after); }

    std::string path_of(std::size_t place) const {
        for (std::size_t i = 0; i < stage_.keys.checkers.size(); ++i)
            if (stage_.keys.checkers[i].signing.public_key() == keys_[place]) return checker_path(i);
        return "";
    }

    std::vector<Bytes> beacons(char phase, const std::vector<std::size_t>& places) {
        std::vector<Bytes> found;
        for (auto place : places)
            found.push_back(body_of(stage_.get(path_of(place) + stage_.beacon_target(slot_, phase))));
        return found;
    }

    Bytes32 combine(char phase, const std::vector<Bytes>& beacons) const {
        std::vector<popw::Contribution> contributions;
        for (const auto& bytes : beacons) {
            const auto beacon = popw::decode_beacon(bytes);
            contributions.push_back({popw::id_of_key(beacon->issuer), beacon->value});
        }
        return combine_beacon(static_cast<popw::BeaconPhase>(phase), slot_, popw::decode_beacon(schedule_)->value,
                              stage_.node_id, contributions);
    }

    /// The mark of honest work on these members' beacons.
    Bytes make_mark(const std::vector<std::size_t>& places, std::uint8_t uid) {
        const auto start = combine('A', beacons('A', places));
        const auto seed = popw::device_seed(popw::slot_seed(params_hash(stage_.params), slot_, stage_.node_id, start),
                                            0, popw::DeviceKind::cpu, network::filled(uid), 0);
        popw::ComputeProver prover(stage_.primitives, *popw::find_profile(0u), 1);
        run_ = prover.run(seed, {.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1),
                                 .round_limit = 2,
                                 .stop = {},
                                 .on_round = {}});
        popw::Mark mark{.phase = popw::MarkPhase::compute,
                        .epoch = slot_.epoch,
                        .slot = slot_.slot,
                        .node_id = stage_.node_id,
                        .beacon_value = start,
                        .devices = {make_compute_entry(run_, 0, popw::DeviceKind::cpu, network::filled(uid))}};
        for (auto place : places) mark.committee_bitmap |= std::uint64_t{1} << place;
        return encode_mark(mark, stage_.node);
    }

    HttpResponse send(std::size_t place, const Bytes& mark) {
        return stage_.post(path_of(place) + "/popw/v1/mark", mark);
    }

    /// The proof of the mark made last, with the beacons C of those members.
    Bytes make_proof(const Bytes& mark, const std::vector<std::size_t>& named, const std::vector<std::size_t>& asked,
                     const std::vector<Bytes>& receipts) {
        at(stage_.params.compute_query_at);
        popw::Proof proof{.epoch = slot_.epoch,
                          .slot = slot_.slot,
                          .device_index = 0,
                          .node_id = stage_.node_id,
                          .marks = {mark},
                          .beacons = {schedule_},
                          .receipts = receipts,
                          .compute = {},
                          .memory = {}};
        const auto queries = beacons('C', asked);
        for (const auto& group : {beacons('A', named), queries})
            proof.beacons.insert(proof.beacons.end(), group.begin(), group.end());
        const auto seed = popw::query_seed(combine('C', queries), popw::mark_hash(mark), 0);
        proof.compute =
            open_tiles(stage_.primitives, run_,
                       draw_tile_queries(stage_.primitives, seed, 2, run_.profile, stage_.params.tile_openings));
        return encode_proof(proof, stage_.node);
    }

    /// What that member finds about it.
    VerdictCode judge(std::size_t place, const Bytes& proof) {
        popw::VerifierContext context;
        stage_.store.read([&](const network::RecordReader& records) {
            context = make_verifier_context(records, stage_.constants(),
                                            {.checker = popw::id_of_key(keys_[place]),
                                             .hash = popw::proof_hash(proof),
                                             .key = slot_key(stage_.node_id, slot_.epoch, slot_.slot),
                                             .device = 0,
                                             .received_at = stage_.clock.now(),
                                             .proof = proof});
        });
        return verify_proof(proof, context, stage_.primitives).code;
    }

private:
    Stage stage_;
    popw::SlotId slot_;
    std::vector<Bytes32> keys_;
    Bytes schedule_;
    popw::ComputeRun run_;
};

} // namespace

TEST_CASE("committee: of two marks told to different members only the one with a quorum proves anything") {
    Committee committee;
    committee.at(100ms);
    const auto for_many = committee.make_mark({0, 1, 2}, 1);
    const auto first = committee.send(1, for_many);
    const auto second = committee.send(2, for_many);
    const auto for_one = committee.make_mark({0, 1, 2}, 2);
    const auto only = committee.send(0, for_one);
    REQUIRE((first.status == 200 && second.status == 200 && only.status == 200));
    CHECK(committee.send(1, for_one).status == 409); // the other came first there
    // With C known the cheater would like to choose; the second mark has one receipt, and the others' are of another
    // mark.
    const auto alone = committee.make_proof(for_one, {0, 1, 2}, {0, 1, 2}, {body_of(only)});
    CHECK(committee.judge(0, alone) == VerdictCode::receipt_quorum);
    const auto borrowed = committee.make_proof(for_one, {0, 1, 2}, {0, 1, 2}, {body_of(only), body_of(first)});
    CHECK(committee.judge(2, borrowed) == VerdictCode::commit_mismatch);
    committee.at(0us);
    REQUIRE(committee.make_mark({0, 1, 2}, 1) == for_many);
    const auto honest = committee.make_proof(for_many, {0, 1, 2}, {0, 1, 2}, {body_of(first), body_of(second)});
    for (std::size_t place : {0u, 1u, 2u}) CHECK(committee.judge(place, honest) == VerdictCode::ok);
}

TEST_CASE("committee: who gives the query is fixed by the mark") {
    Committee committee;
    committee.at(100ms);
    const auto mark = committee.make_mark({0, 1, 2}, 1);
    std::vector<Bytes> receipts;
    for (std::size_t place : {0u, 1u, 2u}) receipts.push_back(body_of(committee.send(place, mark)));
    CHECK(committee.judge(0, committee.make_proof(mark, {0, 1, 2}, {0, 1, 2}, receipts)) == VerdictCode::ok);
    // Three pairs of members would be three more draws of the query.
    for (const auto& pair : {std::vector<std::size_t>{0, 1}, {0, 2}, {1, 2}})
        CHECK(committee.judge(0, committee.make_proof(mark, {0, 1, 2}, pair, receipts)) == VerdictCode::receipt_quorum);
}

TEST_CASE("committee: a mark that names fewer than a quorum, strangers, or not the one who is asked gets no receipt") {
    Committee committee;
    committee.at(100ms);
    CHECK(committee.send(0, committee.make_mark({0}, 1)).status == 400);
    CHECK(committee.send(2, committee.make_mark({0, 1}, 1)).status == 400);
    CHECK(committee.send(0, committee.make_mark({0, 1}, 1)).status == 200);
}
