#include "bytes/little_endian.h"
#include "checker/checker.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "popw_rules/committee.h"

namespace kaisar::checker {

using namespace network;

namespace {

/// A member that has not voted after this share of the time that proofs have is not waited for.
constexpr int patience_share = 8;
/// How many of its own sealed votes a checker looks at in one go.
constexpr std::size_t sealed_batch = 64;

/// Whether everybody who will ever vote about it has, so that nobody can copy.
bool may_be_revealed(const RecordReader& records, const NetworkConstants& constants, const BallotRecord& ballot,
                     Instant now) {
    if (now >= ballot.committed_at + constants.params.proof_deadline / patience_share) return true;
    return records.ballots_of(ballot.key, ballot.device).size() >= committee_of(records, constants, ballot.key).size();
}

} // namespace

SlotKey slot_key(const Bytes32& node_id, std::uint64_t epoch, std::uint32_t slot) {
    const auto mode = slot >= popw::first_on_demand_slot ? popw::BeaconMode::on_demand : popw::BeaconMode::committee;
    return {.node_id = node_id, .mode = static_cast<std::uint8_t>(mode), .epoch = epoch, .slot = slot};
}

std::optional<ChallengeRecord> Checker::try_issue_challenge(const Bytes32& node_id, Instant now) {
    const auto epoch = slot_at(constants_.params, now).epoch;
    std::optional<ChallengeRecord> issued;
    store_.write([&](RecordWriter& records) {
        const auto last = records.find_last_challenge(node_id);
        // An honest run takes the whole window; sooner, the worker would only be choosing among challenges.
        if (last && now < last->issued_at + constants_.params.compute_window) return;
        ChallengeRecord challenge{
            .node_id = node_id, .epoch = epoch, .slot = popw::first_on_demand_slot, .issued_at = now};
        if (last && last->epoch == epoch) challenge.slot = last->slot + 1;
        const popw::Beacon beacon{.network_id = constants_.network_id,
                                  .mode = popw::BeaconMode::on_demand,
                                  .phase = popw::BeaconPhase::start,
                                  .epoch = epoch,
                                  .slot = challenge.slot,
                                  .params_hash = constants_.params_hash,
                                  .issuer = own_key_,
                                  .node_id = node_id,
                                  .value = random_array<32>(),
                                  .issued_at_us = static_cast<std::uint64_t>(now.time_since_epoch().count())};
        challenge.beacon = encode_beacon(beacon, own_.signing);
        records.insert_challenge(challenge);
        issued = std::move(challenge);
    });
    return issued;
}

Bytes Checker::make_vote(const ProofRecord& proof, const popw::VerifierContext& context) const {
    const auto found = verify_proof(proof.proof, context, primitives_);
    // The salt follows from the proof, so that a vote can be made again after a restart, and opens the same commitment.
    ByteWriter message;
    message.put(bytes_of("verdict salt")).put(proof.hash);
    return popw::encode_verdict(make_verdict(found, own_key_, hmac_sha256(own_.beacons.view(), message.bytes())),
                                own_.signing);
}

void Checker::keep_vote(const ProofRecord& proof, std::size_t members, Bytes verdict) {
    const auto now = clock_.now();
    const bool has_peers = members > 1;
    const BallotRecord ballot{.checker = own_id_,
                              .proof_hash = proof.hash,
                              .key = proof.key,
                              .device = proof.device,
                              .commitment = popw::verdict_commitment(verdict),
                              .committed_at = now,
                              .verdict = has_peers ? Bytes{} : verdict};
    store_.write([&](RecordWriter& records) {
        if (records.find_ballot(own_id_, proof.hash)) return;
        records.insert_ballot(ballot);
        if (!has_peers) settle_votes(records, constants_, proof.key, proof.device, now);
    });
    if (!has_peers) return;
    std::lock_guard lock(mutex_);
    sealed_[proof.hash] = std::move(verdict);
}

bool Checker::decide_next() {
    std::vector<ProofRecord> proofs;
    popw::VerifierContext context;
    store_.read([&](const RecordReader& records) {
        proofs = records.undecided_proofs(own_id_, 1);
        if (!proofs.empty()) context = make_verifier_context(records, constants_, proofs.front());
    });
    if (proofs.empty()) return reveal_next();
    keep_vote(proofs.front(), context.committee.size(), make_vote(proofs.front(), context));
    return true;
}

bool Checker::reveal_next() {
    const auto now = clock_.now();
    std::optional<BallotRecord> ballot;
    std::optional<ProofRecord> proof;
    popw::VerifierContext context;
    store_.read([&](const RecordReader& records) {
        for (const auto& sealed : records.sealed_ballots(own_id_, sealed_batch)) {
            if (!may_be_revealed(records, constants_, sealed, now)) continue;
            ballot = sealed;
            proof = records.find_proof(own_id_, sealed.proof_hash);
            context = make_verifier_context(records, constants_, *proof);
            return;
        }
    });
    if (!ballot) return false;
    Bytes verdict;
    {
        std::lock_guard lock(mutex_);
        if (auto known = sealed_.extract(proof->hash)) verdict = std::move(known.mapped());
    }
    if (verdict.empty()) verdict = make_vote(*proof, context);
    store_.write([&](RecordWriter& records) {
        records.reveal_ballot(own_id_, proof->hash, verdict);
        settle_votes(records, constants_, proof->key, proof->device, now);
    });
    return true;
}

} // namespace kaisar::checker
