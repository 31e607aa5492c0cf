#include "popw/verifier.h"

#include "popw_work/seeds.h"
#include "popw_work/tiles.h"
#include "popw_rules/committee.h"

#include <algorithm>
#include <ctime>

namespace kaisar::popw {
namespace {

double thread_cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::string nth(std::size_t position, std::size_t count) {
    return std::to_string(position + 1) + " of " + std::to_string(count);
}

// One proof on its way through the checks. Every step returns whether to go on; the first that does not has set the finding.
class Examination {
public:
    Examination(ByteView bytes, const VerifierContext& context, const Primitives& primitives)
        : bytes_(bytes), context_(context), params_(context.params), primitives_(primitives) {}

    Verification run() {
        finding_.code = VerdictCode::malformed;
        if (is_expected() && decode() && marks_agree() && own_receipts_agree() && node_signed() && decode_witnesses() &&
            beacons_agree() && receipts_agree() && is_in_time() && commits_agree() && paths_agree() && tiles_agree())
            accept();
        return finding_;
    }

private:
    bool refuse(VerdictCode code, std::string detail) {
        finding_.code = code;
        finding_.detail = std::move(detail);
        return false;
    }

    bool is_expected();
    bool decode();
    bool marks_agree();
    bool own_receipts_agree();
    bool node_signed();
    bool decode_witnesses();
    bool beacons_agree();
    bool schedule_agrees();
    bool take_members();
    bool beacons_come_from(BeaconPhase phase, std::size_t first);
    bool receipts_agree();
    bool is_in_time();
    bool commits_agree();
    bool paths_agree();
    bool tiles_agree();
    void accept();

    bool is_on_demand() const { return mark_->mode == BeaconMode::on_demand; }
    bool is_self() const { return mark_->mode == BeaconMode::self; }
    SlotId slot() const { return {proof_.epoch, proof_.slot}; }
    Bytes32 combined(BeaconPhase phase, std::span<const Contribution> contributions) const {
        return combine_beacon(phase, slot(), schedule_word_, proof_.node_id, contributions);
    }
    Bytes32 seed_of(std::uint32_t round) const {
        return round_seed(device_seed_, round, round == 0 ? Bytes32{} : proof_.compute->roots[round - 1]);
    }

    const ByteView bytes_;
    const VerifierContext& context_;
    const Params& params_;
    const Primitives& primitives_;
    Verification finding_;

    DecodedProof decoded_;
    const Proof& proof_ = decoded_.proof;
    const Mark* mark_ = nullptr; ///< the compute mark
    const DeviceEntry* device_ = nullptr;
    const Profile* profile_ = nullptr;
    Bytes32 mark_hash_{};
    std::vector<Beacon> beacons_;
    std::vector<Receipt> receipts_;
    std::vector<std::size_t> members_; ///< of the committee, named by the mark's bitmap
    Bytes32 schedule_word_{};
    Bytes32 query_value_{};
    Bytes32 device_seed_{};
    std::vector<TileQuery> queries_;
};

bool Examination::is_expected() {
    const auto identity = find_proof_identity(bytes_);
    if (!identity) return refuse(VerdictCode::malformed, "not a PROOF message of that length");
    finding_.identity = *identity;
    if (!context_.node_key || id_of_key(*context_.node_key) != identity->node_id)
        return refuse(VerdictCode::unknown_node, "no key is known for the proof's node");
    finding_.proof_hash = proof_hash(bytes_);
    if (context_.decided_proof_hash && *context_.decided_proof_hash != finding_.proof_hash)
        return refuse(VerdictCode::duplicate, "a different proof was decided for the same node, slot and device");
    return true;
}

bool Examination::decode() {
    decoded_ = decode_proof(bytes_, params_);
    if (decoded_.code != VerdictCode::ok) return refuse(decoded_.code, decoded_.detail);
    if (proof_.memory) return refuse(VerdictCode::limits, "memory parts are not accepted by this version");
    mark_ = &decoded_.marks.front();
    device_ = mark_->find_device(proof_.device_index);
    profile_ = find_profile(device_->shape);
    finding_.mode = mark_->mode;
    finding_.profile_id = profile_->id;
    finding_.rounds = static_cast<std::uint32_t>(proof_.compute->roots.size());
    if (decoded_.marks.size() != 1) return refuse(VerdictCode::malformed, "a compute proof has exactly one mark");
    if (mark_->mode == BeaconMode::drand)
        return refuse(VerdictCode::limits, "beacon mode 2 is not accepted by this version");
    if (device_->kind != DeviceKind::cpu && device_->kind != DeviceKind::cuda)
        return refuse(VerdictCode::limits, "a memory device cannot compute");
    return true;
}

bool Examination::marks_agree() {
    if (mark_->epoch != proof_.epoch || mark_->slot != proof_.slot || mark_->node_id != proof_.node_id)
        return refuse(VerdictCode::commit_mismatch, "the mark belongs to another node or slot");
    if (!is_zero(mark_->previous_mark))
        return refuse(VerdictCode::commit_mismatch, "the compute mark names a preceding mark");
    if (device_->count != finding_.rounds)
        return refuse(VerdictCode::commit_mismatch, "the mark commits " + std::to_string(device_->count) +
                                                        " rounds, the proof shows " + std::to_string(finding_.rounds));
    const bool exists = is_on_demand() ? proof_.slot >= first_on_demand_slot : is_scheduled(params_, slot());
    if (!exists) return refuse(VerdictCode::not_active, "there is no slot " + std::to_string(proof_.slot) + " of that mode");
    mark_hash_ = mark_hash(proof_.marks.front());
    return true;
}

// Cheap for the checker that issued them, so it comes before the first signature.
bool Examination::own_receipts_agree() {
    if (!context_.own_key) return true;
    for (const auto& bytes : proof_.receipts) {
        const auto receipt = decode_receipt(bytes);
        if (receipt && receipt->issuer == *context_.own_key && std::ranges::count(context_.own_receipts, *receipt) == 0)
            return refuse(VerdictCode::receipt_quorum, "a receipt in this checker's name was never issued by it");
    }
    return true;
}

bool Examination::node_signed() {
    if (!is_signed_by(bytes_, *context_.node_key)) return refuse(VerdictCode::bad_signature, "the proof's signature");
    if (!is_signed_by(proof_.marks.front(), *context_.node_key))
        return refuse(VerdictCode::bad_signature, "the mark's signature");
    return true;
}

bool Examination::decode_witnesses() {
    for (const auto& bytes : proof_.beacons) {
        const auto beacon = decode_beacon(bytes);
        if (!beacon) return refuse(VerdictCode::malformed, "a beacon inside is not one");
        if (beacon->params_hash != params_hash(params_) || beacon->network_id != context_.network_id)
            return refuse(VerdictCode::params_mismatch, "a beacon was issued under other constants or on another network");
        if (beacon->epoch != proof_.epoch || beacon->slot != proof_.slot || beacon->mode != mark_->mode)
            return refuse(VerdictCode::commit_mismatch, "a beacon belongs to another slot or mode");
        beacons_.push_back(*beacon);
    }
    for (const auto& bytes : proof_.receipts) {
        const auto receipt = decode_receipt(bytes);
        if (!receipt) return refuse(VerdictCode::malformed, "a receipt inside is not one");
        if (receipt->epoch != proof_.epoch || receipt->slot != proof_.slot || receipt->phase != MarkPhase::compute ||
            receipt->mark_hash != mark_hash_)
            return refuse(VerdictCode::commit_mismatch, "a receipt was given for another mark");
        receipts_.push_back(*receipt);
    }
    return true;
}

// The members that the mark's bitmap names, as positions in the committee.
bool Examination::take_members() {
    for (std::size_t i = 0; i < 64; ++i)
        if ((mark_->committee_bitmap >> i & 1) != 0) members_.push_back(i);
    const std::size_t wanted = is_on_demand() ? 1 : context_.quorum;
    if (members_.size() < wanted || (is_on_demand() && members_.size() != 1) || members_.empty() ||
        members_.back() >= context_.committee.size())
        return refuse(VerdictCode::receipt_quorum, "the mark's bitmap does not name " + std::to_string(wanted) +
                                                       " of the " + std::to_string(context_.committee.size()) +
                                                       " members of the committee");
    return true;
}

// Beacons `first`, `first` + 1, … are the members' of that phase, in committee order.
bool Examination::beacons_come_from(BeaconPhase phase, std::size_t first) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const auto& beacon = beacons_[first + i];
        const auto& expected = context_.committee[members_[i]];
        if (beacon.phase != phase || beacon.issuer != expected)
            return refuse(VerdictCode::receipt_quorum, "beacon " + nth(first + i, beacons_.size()) +
                                                           " is not the one of the member that the bitmap names");
        if (!is_signed_by(proof_.beacons[first + i], expected))
            return refuse(VerdictCode::bad_signature, "the signature of beacon " + nth(first + i, beacons_.size()));
        if (is_on_demand() && beacon.node_id != proof_.node_id)
            return refuse(VerdictCode::commit_mismatch, "the beacon was issued to another node");
    }
    return true;
}

bool Examination::schedule_agrees() {
    const auto& schedule = beacons_.front();
    if (schedule.phase != BeaconPhase::schedule || schedule.issuer != context_.schedule_issuer)
        return refuse(VerdictCode::receipt_quorum, "the first beacon is not the network's schedule word");
    if (!is_signed_by(proof_.beacons.front(), schedule.issuer))
        return refuse(VerdictCode::bad_signature, "the schedule word's signature");
    schedule_word_ = schedule.value;
    if (!is_active(params_, schedule_word_)) return refuse(VerdictCode::not_active, "the slot's schedule word asked for no proof");
    return true;
}

bool Examination::beacons_agree() {
    if (is_self()) {
        if (!beacons_.empty() || !receipts_.empty() || mark_->committee_bitmap != 0)
            return refuse(VerdictCode::malformed, "a proof of mode self has no beacons, receipts or committee");
        query_value_ = self_query_value(mark_hash_);
        return true;
    }
    if (!take_members()) return false;
    const std::size_t wanted = is_on_demand() ? 1 : 1 + 2 * members_.size();
    if (beacons_.size() != wanted)
        return refuse(VerdictCode::receipt_quorum, std::to_string(beacons_.size()) + " beacons instead of " + std::to_string(wanted));
    if (!is_on_demand() && !schedule_agrees()) return false;
    const std::size_t first_start = is_on_demand() ? 0 : 1;
    if (!beacons_come_from(BeaconPhase::start, first_start)) return false;
    std::vector<Contribution> starts;
    std::vector<Contribution> queries;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const auto id = id_of_key(context_.committee[members_[i]]);
        starts.push_back({id, beacons_[first_start + i].value});
        if (!is_on_demand()) queries.push_back({id, beacons_[first_start + members_.size() + i].value});
    }
    if (combined(BeaconPhase::start, starts) != mark_->beacon_value)
        return refuse(VerdictCode::commit_mismatch, "the mark was not made from the beacons");
    if (is_on_demand()) return true; // the query entropy is in the receipt
    if (!beacons_come_from(BeaconPhase::query, first_start + members_.size())) return false;
    query_value_ = combined(BeaconPhase::query, queries);
    return true;
}

bool Examination::receipts_agree() {
    if (is_self()) return true;
    const std::size_t wanted = is_on_demand() ? 1 : context_.quorum;
    if (receipts_.size() < wanted || (is_on_demand() && receipts_.size() != 1))
        return refuse(VerdictCode::receipt_quorum, std::to_string(receipts_.size()) + " receipts instead of " + std::to_string(wanted));
    auto next = context_.committee.begin();
    for (std::size_t i = 0; i < receipts_.size(); ++i) {
        const auto& receipt = receipts_[i];
        next = std::find(next, context_.committee.end(), receipt.issuer);
        if (next == context_.committee.end() || (is_on_demand() && *next != context_.committee[members_.front()]))
            return refuse(VerdictCode::receipt_quorum, "receipt " + nth(i, receipts_.size()) +
                                                           " is from nobody in the committee, or out of order");
        ++next;
        if (is_zero(receipt.value) == is_on_demand())
            return refuse(VerdictCode::commit_mismatch, "only receipts on demand carry, and must carry, query entropy");
        if (!is_signed_by(proof_.receipts[i], receipt.issuer))
            return refuse(VerdictCode::bad_signature, "the signature of receipt " + nth(i, receipts_.size()));
    }
    if (is_on_demand()) {
        const Contribution query{id_of_key(receipts_.front().issuer), receipts_.front().value};
        query_value_ = combined(BeaconPhase::query, {&query, 1});
    }
    return true;
}

bool Examination::is_in_time() {
    if (is_self()) return true;
    std::vector<std::uint64_t> times;
    for (const auto& receipt : receipts_) times.push_back(receipt.received_us);
    finding_.compute_us = upper_median(std::move(times));
    if (finding_.compute_us > static_cast<std::uint64_t>(params_.compute_cutoff.count()))
        return refuse(VerdictCode::late, "the mark came " + std::to_string(finding_.compute_us) + " us after T0, the cut-off is " +
                                             std::to_string(params_.compute_cutoff.count()));
    if (!context_.received_at) return true;
    const auto issued_at_us = static_cast<std::int64_t>(std::min<std::uint64_t>(beacons_.front().issued_at_us, std::uint64_t{1} << 62));
    const auto t0 = is_on_demand() ? Instant(Microseconds(issued_at_us)) : t0_of(params_, slot());
    if (*context_.received_at < t0) return refuse(VerdictCode::not_active, "the slot lies ahead");
    if (*context_.received_at - t0 > params_.proof_deadline)
        return refuse(VerdictCode::late, "the proof arrived after its deadline");
    return true;
}

bool Examination::commits_agree() {
    const auto seed = slot_seed(params_hash(params_), slot(), proof_.node_id, mark_->beacon_value);
    device_seed_ = device_seed(seed, device_->index, device_->kind, device_->uid, profile_->id);
    if (compute_commit(device_seed_, profile_->id, proof_.compute->roots) != device_->commit)
        return refuse(VerdictCode::commit_mismatch, "the round roots are not those that the mark committed");
    return true;
}

bool Examination::paths_agree() {
    const TreeHasher hasher(primitives_);
    const auto& openings = proof_.compute->openings;
    queries_ = draw_tile_queries(primitives_, query_seed(query_value_, mark_hash_, proof_.device_index), finding_.rounds,
                                 *profile_, static_cast<std::uint32_t>(openings.size()));
    for (std::size_t i = 0; i < openings.size(); ++i)
        if (hasher.fold_path(openings[i].leaf, queries_[i].leaf, openings[i].siblings) != proof_.compute->roots[queries_[i].round])
            return refuse(VerdictCode::path_mismatch, "opening " + nth(i, openings.size()) + " does not lead to the root of round " +
                                                          std::to_string(queries_[i].round));
    return true;
}

bool Examination::tiles_agree() {
    const TreeHasher hasher(primitives_);
    const auto& openings = proof_.compute->openings;
    for (std::size_t i = 0; i < openings.size(); ++i)
        if (recompute_leaf(primitives_, hasher, *profile_, seed_of(queries_[i].round), queries_[i].leaf) != openings[i].leaf)
            return refuse(VerdictCode::tile_mismatch, "opening " + nth(i, openings.size()) + ", tile " +
                                                          std::to_string(queries_[i].leaf) + " of round " +
                                                          std::to_string(queries_[i].round) + ", is not the right product");
    return true;
}

void Examination::accept() {
    finding_.code = VerdictCode::ok;
    finding_.macs = finding_.rounds * profile_->macs_per_round();
}

} // namespace

Verification verify_proof(ByteView proof, const VerifierContext& context, const Primitives& primitives) {
    const auto started = thread_cpu_seconds();
    auto finding = Examination(proof, context, primitives).run();
    finding.cpu_seconds = thread_cpu_seconds() - started;
    return finding;
}

Verdict make_verdict(const Verification& verification, const Bytes32& issuer, const Bytes32& salt) {
    const auto& identity = verification.identity;
    return {.epoch = identity.epoch,
            .slot = identity.slot,
            .device_index = identity.device_index,
            .code = verification.code,
            .node_id = identity.node_id,
            .issuer = issuer,
            .proof_hash = verification.proof_hash,
            .macs = verification.macs,
            .compute_us = verification.ok() ? verification.compute_us : 0,
            .held_bytes = verification.held_bytes,
            .hold_us = verification.hold_us,
            .walk_bytes = verification.walk_bytes,
            .walk_us = verification.walk_us,
            .salt = salt};
}

} // namespace kaisar::popw
