#include "checker/checker.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "popw_rules/committee.h"

namespace kaisar::checker {

using namespace network;

namespace {

/// How long the verification thread waits after the store failed, and between looks for proofs that others took in.
constexpr std::chrono::seconds verification_pause{1};

VerdictRecord make_record(const popw::Verification& found, const ProofRecord& proof,
                          const popw::VerifierContext& context, const Ed25519Key& key, Instant now) {
    const auto verdict = make_verdict(found, key.public_key(), random_array<32>());
    VerdictRecord record{.proof_hash = proof.hash,
                         .key = proof.key,
                         .device = proof.device,
                         .code = static_cast<std::uint16_t>(found.code),
                         .macs = found.macs,
                         .compute_us = found.compute_us,
                         .held_bytes = found.held_bytes,
                         .hold_us = found.hold_us,
                         .walk_bytes = found.walk_bytes,
                         .walk_us = found.walk_us,
                         .decided_at = now,
                         .verdict = encode_verdict(verdict, key)};
    const auto decoded = decode_proof(proof.proof, context.params);
    for (const auto& mark : decoded.marks)
        if (const auto* device = mark.find_device(proof.device)) {
            record.device_kind = static_cast<std::uint8_t>(device->kind);
            break;
        }
    return record;
}

} // namespace

Bytes32 schedule_word(ByteView secret, std::uint32_t network_id, popw::SlotId slot) {
    return popw::beacon_value(secret, popw::BeaconPhase::schedule, network_id, slot);
}

SlotKey slot_key(const Bytes32& node_id, std::uint64_t epoch, std::uint32_t slot) {
    const auto mode = slot >= popw::first_on_demand_slot ? popw::BeaconMode::on_demand : popw::BeaconMode::committee;
    return {.node_id = node_id, .mode = static_cast<std::uint8_t>(mode), .epoch = epoch, .slot = slot};
}

popw::VerifierContext make_verifier_context(const RecordReader& records, const NetworkConstants& constants,
                                            const ProofRecord& proof) {
    popw::VerifierContext context{.params = constants.params,
                                  .network_id = constants.network_id,
                                  .node_key = std::nullopt,
                                  .committee = {constants.checker_key},
                                  .quorum = 1,
                                  .schedule_issuer = constants.schedule_key,
                                  .decided_proof_hash = std::nullopt,
                                  .own_key = constants.checker_key,
                                  .own_receipts = {},
                                  .received_at = proof.received_at};
    if (const auto worker = records.find_worker(proof.key.node_id)) context.node_key = worker->public_key;
    for (const auto phase :
         {popw::MarkPhase::heartbeat, popw::MarkPhase::compute, popw::MarkPhase::hold, popw::MarkPhase::walk}) {
        const auto mark = records.find_mark(proof.key, static_cast<std::uint8_t>(phase));
        const auto receipt = mark ? popw::decode_receipt(mark->receipt) : std::nullopt;
        if (receipt) context.own_receipts.push_back(*receipt);
    }
    return context;
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
                                  .issuer = constants_.checker_key,
                                  .node_id = node_id,
                                  .value = random_array<32>(),
                                  .issued_at_us = static_cast<std::uint64_t>(now.time_since_epoch().count())};
        challenge.beacon = encode_beacon(beacon, keys_.checker);
        records.insert_challenge(challenge);
        issued = std::move(challenge);
    });
    return issued;
}

bool Checker::decide_next() {
    std::vector<ProofRecord> proofs;
    popw::VerifierContext context;
    store_.read([&](const RecordReader& records) {
        proofs = records.undecided_proofs(1);
        if (!proofs.empty()) context = make_verifier_context(records, constants_, proofs.front());
    });
    if (proofs.empty()) return false;
    const auto found = verify_proof(proofs.front().proof, context, primitives_);
    const auto record = make_record(found, proofs.front(), context, keys_.checker, clock_.now());
    store_.write([&](RecordWriter& records) {
        if (!records.find_verdict(record.proof_hash)) records.insert_verdict(record);
    });
    return true;
}

void Checker::run_verification(std::stop_token stop) {
    std::size_t seen = 0;
    while (!stop.stop_requested()) {
        bool is_idle = true;
        {
            std::lock_guard lock(mutex_);
            seen = arrived_;
        }
        try {
            is_idle = !decide_next();
        } catch (const Error&) {
            // The store failed: the proof stays undecided and is taken up again.
        }
        if (!is_idle) continue;
        std::unique_lock lock(mutex_);
        proof_arrived_.wait_for(lock, stop, verification_pause, [&] { return arrived_ != seen; });
    }
}

} // namespace kaisar::checker
