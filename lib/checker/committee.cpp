#include "checker/committee.h"

#include "checker/discipline.h"
#include "error/error.h"
#include "popw_rules/committee.h"

#include <algorithm>

namespace kaisar::checker {
namespace {

using namespace network;

/// A vote that is open.
struct Vote {
    BallotRecord ballot;
    popw::Verdict verdict;
};

struct Votes {
    std::vector<Vote> valid;
    std::vector<BallotRecord> broken; ///< opened to something else than they were bound to
};

Votes revealed_votes(const RecordReader& records, const SlotKey& key, std::uint16_t device) {
    Votes votes;
    for (auto& ballot : records.ballots_of(key, device)) {
        if (ballot.verdict.empty()) continue;
        auto verdict = popw::decode_verdict(ballot.verdict);
        if (verdict && popw::verdict_commitment(ballot.verdict) == ballot.commitment)
            votes.valid.push_back({std::move(ballot), *verdict});
        else
            votes.broken.push_back(std::move(ballot));
    }
    return votes;
}

popw::DeviceKind device_kind_of(const RecordReader& records, const NetworkConstants& constants, const Vote& vote) {
    const auto proof = records.find_proof(vote.ballot.checker, vote.ballot.proof_hash);
    check(proof.has_value(), "a vote is about a proof that its checker received");
    const auto decoded = decode_proof(proof->proof, constants.params);
    for (const auto& mark : decoded.marks)
        if (const auto* device = mark.find_device(vote.ballot.device)) return device->kind;
    return popw::DeviceKind::cpu;
}

VerdictRecord make_record(const Vote& vote, popw::DeviceKind kind, std::size_t votes, Instant now) {
    const auto& verdict = vote.verdict;
    return {.checker = vote.ballot.checker,
            .proof_hash = vote.ballot.proof_hash,
            .key = vote.ballot.key,
            .device = vote.ballot.device,
            .device_kind = static_cast<std::uint8_t>(kind),
            .code = static_cast<std::uint16_t>(verdict.code),
            .macs = verdict.macs,
            .compute_us = verdict.compute_us,
            .held_bytes = verdict.held_bytes,
            .hold_us = verdict.hold_us,
            .walk_bytes = verdict.walk_bytes,
            .walk_us = verdict.walk_us,
            .votes = static_cast<std::uint8_t>(votes),
            .decided_at = now,
            .verdict = vote.ballot.verdict};
}

/// Whether a vote can be held against its checker. When a proof came to it is the one thing that honest checkers can
/// see differently.
bool is_wrong(const popw::Verdict& vote, const popw::Verdict& decided) {
    const auto is_about_time = [](const popw::Verdict& verdict) { return verdict.code == popw::VerdictCode::late; };
    return vote.proof_hash == decided.proof_hash && !agrees(vote, decided) && !is_about_time(vote) &&
           !is_about_time(decided);
}

} // namespace

Bytes32 schedule_word(ByteView secret, std::uint32_t network_id, popw::SlotId slot) {
    return popw::beacon_value(secret, popw::BeaconPhase::schedule, network_id, slot);
}

std::vector<Bytes32> eligible_checkers(const RecordReader& records, const NetworkConstants& constants,
                                       std::uint64_t epoch) {
    const auto begin = boundary_of(constants.params, {epoch, 0});
    std::vector<Bytes32> keys;
    for (const auto& key : constants.checker_keys)
        if (!banned_until(records.wrong_votes(popw::id_of_key(key)), begin)) keys.push_back(key);
    return keys;
}

std::vector<Bytes32> committee_of(const RecordReader& records, const NetworkConstants& constants, const SlotKey& key) {
    if (key.slot >= popw::first_on_demand_slot) return {constants.checker_keys.front()};
    const auto eligible = eligible_checkers(records, constants, key.epoch);
    std::vector<Bytes32> ids;
    for (const auto& each : eligible) ids.push_back(popw::id_of_key(each));
    const auto first_word = schedule_word(constants.schedule_secret, constants.network_id, {key.epoch, 0});
    std::vector<Bytes32> members;
    for (const auto position :
         popw::choose_committee(popw::day_value(key.epoch, first_word), key.node_id, ids, constants.committee_size))
        members.push_back(eligible[position]);
    return members;
}

popw::VerifierContext make_verifier_context(const RecordReader& records, const NetworkConstants& constants,
                                            const ProofRecord& proof) {
    auto committee = committee_of(records, constants, proof.key);
    const auto quorum = popw::quorum_of(committee.size());
    popw::VerifierContext context{.params = constants.params,
                                  .network_id = constants.network_id,
                                  .node_key = std::nullopt,
                                  .committee = std::move(committee),
                                  .quorum = quorum,
                                  .schedule_issuer = constants.schedule_key,
                                  .decided_proof_hash = std::nullopt,
                                  .own_key = std::nullopt,
                                  .own_receipts = {},
                                  .received_at = proof.received_at};
    for (const auto& key : constants.checker_keys)
        if (popw::id_of_key(key) == proof.checker) context.own_key = key;
    if (const auto worker = records.find_worker(proof.key.node_id)) context.node_key = worker->public_key;
    for (const auto phase :
         {popw::MarkPhase::heartbeat, popw::MarkPhase::compute, popw::MarkPhase::hold, popw::MarkPhase::walk}) {
        const auto mark = records.find_mark(proof.checker, proof.key, static_cast<std::uint8_t>(phase));
        const auto receipt = mark ? popw::decode_receipt(mark->receipt) : std::nullopt;
        if (receipt) context.own_receipts.push_back(*receipt);
    }
    return context;
}

void settle_votes(RecordWriter& records, const NetworkConstants& constants, const SlotKey& key, std::uint16_t device,
                  Instant now) {
    const auto [votes, broken] = revealed_votes(records, key, device);
    const auto quorum = popw::quorum_of(committee_of(records, constants, key).size());
    const auto supporters = [&votes = votes](const Vote& vote) {
        return static_cast<std::size_t>(
            std::ranges::count_if(votes, [&](const Vote& other) { return agrees(vote.verdict, other.verdict); }));
    };
    const auto winner = std::ranges::find_if(votes, [&](const Vote& vote) { return supporters(vote) >= quorum; });
    if (winner == votes.end()) return;
    if (!records.find_verdict_of(key, device))
        records.insert_verdict(
            make_record(*winner, device_kind_of(records, constants, *winner), supporters(*winner), now));
    for (const auto& vote : votes)
        if (is_wrong(vote.verdict, winner->verdict))
            records.put_wrong_vote(vote.ballot.checker, vote.ballot.proof_hash, now);
    for (const auto& ballot : broken) records.put_wrong_vote(ballot.checker, ballot.proof_hash, now);
}

} // namespace kaisar::checker
