#include "checker/discipline.h"
#include "protocol/portal_messages_json.h"
#include "stage.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::checker;
using namespace kaisar::network;
using namespace std::chrono_literals;
using popw::BeaconPhase;
using popw::VerdictCode;

namespace {

constexpr std::size_t member_count = 5;

std::string refusal(const HttpResponse& response) {
    return fmt::format("{} {}", response.status, decode_portal_failure(response.body).code);
}

/// A worker's slot with a committee of five; members are named by their place in it.
class CommitteeRun {
public:
    explicit CommitteeRun(Stage& stage, std::vector<std::size_t> places = {0, 1, 2, 3, 4})
        : stage_(stage), slot_(stage.coming_slot()), t0_(t0_of(stage.params, slot_)), places_(std::move(places)) {
        stage.store.read([&](const RecordReader& records) {
            for (const auto& key :
                 committee_of(records, stage.constants(), slot_key(stage.node_id, slot_.epoch, slot_.slot)))
                numbers_.push_back(number_of(key));
        });
        stage.clock.set(t0_);
        beacons_ = {stage.fetch_beacon(slot_, 'S')};
        word_ = popw::decode_beacon(beacons_[0])->value;
        value_ = collect('A');
        const auto seed = popw::device_seed(popw::slot_seed(params_hash(stage.params), slot_, stage.node_id, value_), 0,
                                            popw::DeviceKind::cpu, {}, 0);
        popw::ComputeProver prover(stage.primitives, *popw::find_profile(0u), 1);
        run_ = prover.run(seed, {.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1),
                                 .round_limit = 2,
                                 .stop = {},
                                 .on_round = {}});
    }

    /// The place's checker in the stage's list.
    std::size_t number(std::size_t place) const { return numbers_.at(place); }
    popw::SlotId slot() const { return slot_; }
    std::uint64_t bitmap() const {
        std::uint64_t bits = 0;
        for (const auto place : places_) bits |= std::uint64_t{1} << place;
        return bits;
    }

    Bytes make_mark(std::uint64_t bitmap) const {
        const popw::Mark mark{.phase = popw::MarkPhase::compute,
                              .status = popw::MarkStatus::ready,
                              .mode = popw::BeaconMode::committee,
                              .epoch = slot_.epoch,
                              .slot = slot_.slot,
                              .node_id = stage_.node_id,
                              .previous_mark = {},
                              .beacon_value = value_,
                              .committee_bitmap = bitmap,
                              .devices = {{.index = 0,
                                           .kind = popw::DeviceKind::cpu,
                                           .shape = 0,
                                           .count = static_cast<std::uint32_t>(run_.roots.size()),
                                           .pages = 0,
                                           .uid = {},
                                           .commit = run_.commit()}}};
        return encode_mark(mark, stage_.node);
    }

    HttpResponse send_mark(std::size_t place, std::uint64_t bitmap) {
        stage_.clock.set(t0_ + 100ms);
        return stage_.post(checker_path(number(place)) + "/popw/v1/mark", make_mark(bitmap));
    }

    /// Sends the mark to all that count, and makes the proof once the query is out.
    Bytes make_proof(const std::function<void(popw::Proof&)>& change = [](popw::Proof&) {}) {
        const auto mark = make_mark(bitmap());
        std::vector<Bytes> receipts;
        for (const auto place : places_) {
            const auto response = send_mark(place, bitmap());
            REQUIRE(response.status == 200);
            receipts.push_back(body_of(response));
        }
        stage_.clock.set(t0_ + stage_.params.compute_query_at);
        const auto seed = popw::query_seed(collect('C'), popw::mark_hash(mark), 0);
        const auto queries = popw::draw_tile_queries(stage_.primitives, seed, 2, run_.profile,
                                                     popw::tile_openings(stage_.params, popw::BeaconMode::committee));
        popw::Proof proof{.epoch = slot_.epoch,
                          .slot = slot_.slot,
                          .device_index = 0,
                          .node_id = stage_.node_id,
                          .marks = {mark},
                          .beacons = beacons_,
                          .receipts = receipts,
                          .compute = popw::open_tiles(stage_.primitives, run_, queries),
                          .memory = {}};
        change(proof);
        return encode_proof(proof, stage_.node);
    }

    HttpResponse deliver(std::size_t place, ByteView proof) {
        return stage_.post(checker_path(number(place)) + "/popw/v1/proof", proof);
    }
    ServerAnswer ask_verdict(std::size_t place, ByteView proof) {
        return stage_.ask("GET",
                          checker_path(number(place)) + "/popw/v1/verdict/" + encode_hex(popw::proof_hash(proof)));
    }
    std::optional<VerdictRecord> decision() const {
        std::optional<VerdictRecord> found;
        stage_.store.read([&](const RecordReader& records) {
            found = records.find_verdict_of(slot_key(stage_.node_id, slot_.epoch, slot_.slot), 0);
        });
        return found;
    }

private:
    std::size_t number_of(const Bytes32& key) const {
        for (std::size_t i = 0; i < stage_.keys.checkers.size(); ++i)
            if (stage_.keys.checkers[i].signing.public_key() == key) return i;
        return SIZE_MAX;
    }
    Bytes32 collect(char phase) {
        std::vector<popw::Contribution> contributions;
        for (const auto place : places_) {
            const auto target = checker_path(number(place)) + stage_.beacon_target(slot_, phase);
            const auto beacon = popw::decode_beacon(body_of(stage_.get(target)));
            REQUIRE(beacon);
            beacons_.push_back(body_of(stage_.get(target)));
            contributions.push_back({popw::id_of_key(beacon->issuer), beacon->value});
        }
        return combine_beacon(static_cast<BeaconPhase>(phase), slot_, word_, stage_.node_id, contributions);
    }

    Stage& stage_;
    popw::SlotId slot_;
    Instant t0_;
    std::vector<std::size_t> places_;
    std::vector<std::size_t> numbers_;
    std::vector<Bytes> beacons_;
    Bytes32 word_{};
    Bytes32 value_{};
    popw::ComputeRun run_;
};

void decide_all(Stage& stage) {
    while (stage.host.decide_next()) {
    }
}

/// A product kernel with one wrong bit: whoever verifies with it refuses every honest proof.
void multiply_wrongly(const kernels::GemmS8Arguments& arguments) noexcept {
    kernels::gemm_s8_reference(arguments);
    arguments.c[0] ^= 1;
}

} // namespace

TEST_CASE("five members vote alone, open their votes together and decide as one") {
    Stage stage(played_params(), member_count);
    stage.insert_worker();
    CommitteeRun run(stage);
    const auto proof = run.make_proof();
    for (std::size_t place = 0; place < member_count; ++place) REQUIRE(run.deliver(place, proof).status == 202);
    for (std::size_t place = 0; place + 1 < member_count; ++place) {
        CHECK(stage.host.checker(run.number(place)).decide_next());
        // Bound, but sealed: neither this member nor any other tells.
        CHECK_FALSE(stage.host.checker(run.number(place)).decide_next());
        CHECK(std::holds_alternative<AskAgain>(run.ask_verdict(place, proof)));
    }
    CHECK_FALSE(run.decision());
    decide_all(stage);
    for (std::size_t place = 0; place < member_count; ++place) {
        const auto bytes = body_of(std::get<HttpResponse>(run.ask_verdict(place, proof)));
        CHECK(popw::is_signed_by(bytes, stage.keys.checkers[run.number(place)].signing.public_key()));
        CHECK(popw::decode_verdict(bytes)->code == VerdictCode::ok);
        stage.store.read([&](const RecordReader& records) {
            const auto id = stage.host.checker(run.number(place)).id();
            CHECK(records.find_ballot(id, popw::proof_hash(proof))->commitment == popw::verdict_commitment(bytes));
            CHECK(records.wrong_votes(id).empty());
        });
    }
    REQUIRE(run.decision());
    CHECK(run.decision()->code == 0);
    CHECK(run.decision()->votes >= 3);
}

TEST_CASE("three members of five are enough, and the silent ones are waited for only so long") {
    Stage stage(played_params(), member_count);
    stage.insert_worker();
    CommitteeRun run(stage, {0, 2, 4});
    const auto proof = run.make_proof();
    for (const auto place : {0, 2, 4}) REQUIRE(run.deliver(static_cast<std::size_t>(place), proof).status == 202);
    CHECK(refusal(run.deliver(1, proof)) == "409 receipt-quorum");
    decide_all(stage);
    CHECK_FALSE(run.decision());
    stage.clock.set(stage.clock.now() + stage.params.proof_deadline / 8);
    decide_all(stage);
    REQUIRE(run.decision());
    CHECK(run.decision()->code == 0);
    CHECK(run.decision()->votes == 3);
}

TEST_CASE("votes that were sealed before a restart are opened after it, and fit their commitments") {
    Stage stage(played_params(), member_count);
    stage.insert_worker();
    CommitteeRun run(stage);
    const auto proof = run.make_proof();
    for (std::size_t place = 0; place < member_count; ++place) run.deliver(place, proof);
    for (std::size_t place = 0; place < member_count; ++place)
        CHECK(stage.host.checker(run.number(place)).decide_next());
    CheckerHost restarted(stage.store, stage.clock, stage.keys, stage.constants(), stage.primitives);
    while (restarted.decide_next()) {
    }
    REQUIRE(run.decision());
    CHECK(run.decision()->code == 0);
}

TEST_CASE("a member that votes against the majority is outvoted, counted and out of the next epochs") {
    Stage stage(played_params(), member_count);
    stage.insert_worker();
    auto broken = stage.primitives;
    broken.gemm = {multiply_wrongly, kernels::gemm_s8_reference_workspace_bytes};
    const std::size_t faulty = 3;
    Checker liar(stage.store, stage.clock, stage.keys, faulty, stage.host.constants(), broken, [] {});
    const auto epoch = stage.coming_slot().epoch;
    for (int slots = 0; slots < 2; ++slots) {
        CommitteeRun run(stage);
        REQUIRE(run.slot().epoch == epoch);
        const auto proof = run.make_proof();
        for (std::size_t place = 0; place < member_count; ++place) REQUIRE(run.deliver(place, proof).status == 202);
        const auto decide_honestly = [&] {
            bool is_busy = false;
            for (std::size_t number = 0; number < member_count; ++number)
                is_busy = (number != faulty && stage.host.checker(number).decide_next()) || is_busy;
            return is_busy;
        };
        while (liar.decide_next() || decide_honestly()) {
        }
        REQUIRE(run.decision());
        CHECK(run.decision()->code == 0);
        stage.clock.set(t0_of(stage.params, {run.slot().epoch, run.slot().slot + 1}) - 1ms);
    }
    stage.store.read([&](const RecordReader& records) {
        CHECK(records.wrong_votes(liar.id()).size() == 2);
        CHECK(eligible_checkers(records, stage.constants(), epoch).size() == member_count);
        const auto next = eligible_checkers(records, stage.constants(), epoch + 1);
        REQUIRE(next.size() == member_count - 1);
        CHECK(std::ranges::find(next, stage.keys.checkers[faulty].signing.public_key()) == next.end());
    });
}

TEST_CASE("a member that opens another vote than the one it was bound to is counted as wrong") {
    Stage stage(played_params(), member_count);
    stage.insert_worker();
    auto broken = stage.primitives;
    broken.gemm = {multiply_wrongly, kernels::gemm_s8_reference_workspace_bytes};
    Checker liar(stage.store, stage.clock, stage.keys, 2, stage.host.constants(), broken, [] {});
    CommitteeRun run(stage);
    const auto proof = run.make_proof();
    for (std::size_t place = 0; place < member_count; ++place) run.deliver(place, proof);
    CHECK(liar.decide_next());
    decide_all(
        stage); // the honest program goes on under the same key, and cannot open what the broken one committed to
    REQUIRE(run.decision());
    CHECK(run.decision()->code == 0);
    stage.store.read([&](const RecordReader& records) { CHECK(records.wrong_votes(liar.id()).size() == 1); });
}

TEST_CASE("a worker that gives its members different proofs has none that a quorum stands behind") {
    Stage stage(played_params(), member_count);
    stage.insert_worker();
    CommitteeRun run(stage);
    const auto proof = run.make_proof();
    const auto other = run.make_proof([](popw::Proof& changed) { changed.compute->openings.front().leaf[0] ^= 1; });
    for (const std::size_t place : {0u, 1u}) CHECK(run.deliver(place, proof).status == 202);
    for (const std::size_t place : {2u, 3u}) CHECK(run.deliver(place, other).status == 202);
    CHECK(refusal(run.deliver(0, other)) == "409 duplicate");
    decide_all(stage);
    stage.clock.set(stage.clock.now() + stage.params.proof_deadline / 8);
    decide_all(stage);
    CHECK_FALSE(run.decision());
    stage.store.read([&](const RecordReader& records) {
        CHECK(records.sealed_ballots(std::nullopt, 10).empty());
        for (const auto& key : stage.constants().checker_keys) CHECK(records.wrong_votes(popw::id_of_key(key)).empty());
    });
}

TEST_CASE("a mark that names too few members, strangers, or not the one that it was sent to is refused") {
    Stage stage(played_params(), member_count);
    stage.insert_worker();
    CommitteeRun run(stage);
    CHECK(refusal(run.send_mark(0, 0b00011)) == "400 malformed");
    CHECK(refusal(run.send_mark(0, 0b11110)) == "400 malformed");
    CHECK(refusal(run.send_mark(0, 0b111111)) == "400 malformed");
    CHECK(run.send_mark(0, 0b00111).status == 200);
}

TEST_CASE("a checker outside of the worker's committee takes none of its marks") {
    Stage stage(played_params(), member_count);
    stage.insert_worker();
    auto constants = stage.constants();
    constants.committee_size = 3;
    CheckerHost host(stage.store, stage.clock, stage.keys, constants, stage.primitives);
    const auto slot = stage.coming_slot();
    std::vector<Bytes32> members;
    stage.store.read([&](const RecordReader& records) {
        members = committee_of(records, constants, slot_key(stage.node_id, slot.epoch, slot.slot));
    });
    REQUIRE(members.size() == 3);
    CommitteeRun run(stage);
    for (std::size_t place = 0; place < member_count; ++place) {
        const auto number = run.number(place);
        const auto key = stage.keys.checkers[number].signing.public_key();
        ServerRequest request{.http = {.method = "POST",
                                       .authority = "localhost",
                                       .target = checker_path(number) + "/popw/v1/mark",
                                       .headers = {},
                                       .body = std::string(text_of(run.make_mark(0b111)))},
                              .address = "127.0.0.1",
                              .received_at = stage.clock.now()};
        const auto response = std::get<HttpResponse>(host.answer(request));
        const bool is_member = std::ranges::find(members, key) != members.end();
        CHECK(response.status == (is_member ? 200 : 409));
    }
}

TEST_CASE("checkers that vote wrongly are banned by the published rules") {
    using std::chrono::days;
    const Instant start{std::chrono::seconds(1'800'000'000)};
    std::vector<Instant> wrong;
    const auto add = [&](int day) { wrong.push_back(start + days(day)); };
    CHECK_FALSE(banned_until(wrong, start));
    add(0);
    CHECK_FALSE(banned_until(wrong, start + days(1)));
    add(8); // more than a week later
    CHECK_FALSE(banned_until(wrong, start + days(8)));
    add(14); // the second within seven days
    CHECK_FALSE(banned_until(wrong, start + days(13)));
    CHECK(banned_until(wrong, start + days(14)) == start + days(44));
    CHECK(banned_until(wrong, start + days(43)));
    CHECK_FALSE(banned_until(wrong, start + days(44)));
    add(22);
    add(29); // the fifth, and the first is within thirty days
    CHECK(banned_until(wrong, start + days(29)) == start + days(29 + 180));
    for (int i = 0; i < 5; ++i) add(300 + 40 * i);
    CHECK_FALSE(banned_until(wrong, start + days(460 + 31)));
    add(600); // the eleventh
    CHECK(banned_until(wrong, start + days(600)) == Instant::max());
    CHECK(banned_until(wrong, start + days(100'000)) == Instant::max());
}
