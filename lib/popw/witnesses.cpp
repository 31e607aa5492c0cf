#include "popw/witnesses.h"

#include "popw_rules/committee.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

std::string nth(std::size_t position, std::size_t count) {
    return std::to_string(position + 1) + " of " + std::to_string(count);
}

// Goes through beacons and receipts in their order; the first that is wrong sets the refusal.
class Inquiry {
public:
    Inquiry(const VerifierContext& context, const DecodedProof& decoded, std::span<const Bytes32> mark_hashes,
            Testimony& out)
        : context_(context), params_(context.params), proof_(decoded.proof), marks_(decoded.marks),
          mark_(&decoded.marks.front()), mark_hashes_(mark_hashes), out_(out) {}

    Refusal run() {
        if (decode_witnesses() && beacons_agree() && receipts_agree()) take_times();
        return refusal_;
    }

private:
    bool refuse(VerdictCode code, std::string detail) {
        refusal_ = {code, std::move(detail)};
        return false;
    }

    bool decode_witnesses();
    bool take_members(std::uint64_t bitmap, std::vector<std::size_t>& members);
    bool take_beacons(BeaconPhase phase, const std::vector<std::size_t>& members, Bytes32& combined_value);
    bool schedule_agrees();
    bool beacons_come_on_demand();
    bool beacons_come_from_committee();
    bool beacons_agree();
    bool take_receipts(MarkPhase phase);
    bool receipts_agree();
    void take_times();

    bool is_on_demand() const { return mark_->mode == BeaconMode::on_demand; }
    bool is_self() const { return mark_->mode == BeaconMode::self; }
    bool has_memory() const { return proof_.memory.has_value(); }
    std::size_t quorum() const { return witness_quorum(context_, mark_->mode); }
    Bytes32 combined(BeaconPhase phase, std::span<const Contribution> contributions) const {
        return combine_beacon(phase, {proof_.epoch, proof_.slot}, schedule_word_, proof_.node_id, contributions);
    }

    const VerifierContext& context_;
    const Params& params_;
    const Proof& proof_;
    const std::vector<Mark>& marks_;
    const Mark* mark_; ///< the compute mark
    std::span<const Bytes32> mark_hashes_;
    Testimony& out_;
    Refusal refusal_;
    std::vector<Beacon> beacons_;
    std::vector<Receipt> receipts_;
    std::size_t beacons_taken_ = 0;
    std::size_t receipts_taken_ = 0;
    Bytes32 schedule_word_{};
};

bool Inquiry::decode_witnesses() {
    for (const auto& bytes : proof_.beacons) {
        const auto beacon = decode_beacon(bytes);
        if (!beacon) return refuse(VerdictCode::malformed, "a beacon inside is not one");
        if (beacon->params_hash != params_hash(params_) || beacon->network_id != context_.network_id)
            return refuse(VerdictCode::params_mismatch,
                          "a beacon was issued under other constants or on another network");
        if (beacon->epoch != proof_.epoch || beacon->slot != proof_.slot || beacon->mode != mark_->mode)
            return refuse(VerdictCode::commit_mismatch, "a beacon belongs to another slot or mode");
        beacons_.push_back(*beacon);
    }
    for (const auto& bytes : proof_.receipts) {
        const auto receipt = decode_receipt(bytes);
        if (!receipt) return refuse(VerdictCode::malformed, "a receipt inside is not one");
        const auto mark =
            static_cast<std::size_t>(receipt->phase) - 1; // a heartbeat's receipt is of no mark in the proof
        if (receipt->epoch != proof_.epoch || receipt->slot != proof_.slot || mark >= mark_hashes_.size() ||
            receipt->mark_hash != mark_hashes_[mark])
            return refuse(VerdictCode::commit_mismatch, "a receipt was given for another mark");
        receipts_.push_back(*receipt);
    }
    return true;
}

// The members that a mark's bitmap names, as positions in the committee.
bool Inquiry::take_members(std::uint64_t bitmap, std::vector<std::size_t>& members) {
    for (std::size_t i = 0; i < 64; ++i)
        if ((bitmap >> i & 1) != 0) members.push_back(i);
    if (members.size() < quorum() || (is_on_demand() && members.size() != 1) ||
        members.back() >= context_.committee.size())
        return refuse(VerdictCode::receipt_quorum, "a mark's bitmap does not name " + std::to_string(quorum()) +
                                                       " of the " + std::to_string(context_.committee.size()) +
                                                       " members of the committee");
    return true;
}

// The next beacons are the members' of that phase, in committee order; gives the phase's combined value.
bool Inquiry::take_beacons(BeaconPhase phase, const std::vector<std::size_t>& members, Bytes32& combined_value) {
    std::vector<Contribution> contributions;
    for (auto member : members) {
        const auto at = beacons_taken_++;
        const auto& beacon = beacons_[at];
        const auto& expected = context_.committee[member];
        if (beacon.phase != phase || beacon.issuer != expected)
            return refuse(VerdictCode::receipt_quorum,
                          "beacon " + nth(at, beacons_.size()) + " is not the one of the member that the bitmap names");
        if (!is_signed_by(proof_.beacons[at], expected))
            return refuse(VerdictCode::bad_signature, "the signature of beacon " + nth(at, beacons_.size()));
        if (is_on_demand() && beacon.node_id != proof_.node_id)
            return refuse(VerdictCode::commit_mismatch, "the beacon was issued to another node");
        contributions.push_back({id_of_key(expected), beacon.value});
    }
    combined_value = combined(phase, contributions);
    return true;
}

bool Inquiry::schedule_agrees() {
    const auto& schedule = beacons_.front();
    if (schedule.phase != BeaconPhase::schedule || schedule.issuer != context_.schedule_issuer)
        return refuse(VerdictCode::receipt_quorum, "the first beacon is not the network's schedule word");
    if (!is_signed_by(proof_.beacons.front(), schedule.issuer))
        return refuse(VerdictCode::bad_signature, "the schedule word's signature");
    schedule_word_ = schedule.value;
    if (!is_active(params_, schedule_word_))
        return refuse(VerdictCode::not_active, "the slot's schedule word asked for no proof");
    if (has_memory() && !has_memory_phase(params_, schedule_word_))
        return refuse(VerdictCode::not_active, "the slot's schedule word asked for no memory part");
    beacons_taken_ = 1;
    return true;
}

bool Inquiry::beacons_come_on_demand() {
    std::vector<std::size_t> members;
    if (!take_members(mark_->committee_bitmap, members)) return false;
    if (beacons_.size() != 1) return refuse(VerdictCode::receipt_quorum, "a proof on demand has exactly one beacon");
    Bytes32 start;
    if (!take_beacons(BeaconPhase::start, members, start)) return false;
    if (start != mark_->beacon_value)
        return refuse(VerdictCode::commit_mismatch, "the mark was not made from the beacon");
    return true;
}

bool Inquiry::beacons_come_from_committee() {
    std::vector<std::size_t> members;
    std::vector<std::size_t> last_members;
    if (!take_members(mark_->committee_bitmap, members) || !take_members(marks_.back().committee_bitmap, last_members))
        return false;
    const auto wanted = 1 + members.size() + (has_memory() ? 2 : 1) * last_members.size();
    if (beacons_.size() != wanted)
        return refuse(VerdictCode::receipt_quorum,
                      std::to_string(beacons_.size()) + " beacons instead of " + std::to_string(wanted));
    if (!schedule_agrees()) return false;
    Bytes32 start;
    Bytes32 walk;
    if (!take_beacons(BeaconPhase::start, members, start)) return false;
    if (has_memory() && !take_beacons(BeaconPhase::walk, last_members, walk)) return false;
    if (start != mark_->beacon_value || (has_memory() && walk != marks_.back().beacon_value))
        return refuse(VerdictCode::commit_mismatch, "a mark was not made from the beacons");
    return take_beacons(BeaconPhase::query, last_members, out_.query_value);
}

bool Inquiry::beacons_agree() {
    if (is_on_demand()) return beacons_come_on_demand();
    if (!is_self()) return beacons_come_from_committee();
    if (!beacons_.empty() || !receipts_.empty() || mark_->committee_bitmap != 0)
        return refuse(VerdictCode::malformed, "a proof of mode self has no beacons, receipts or committee");
    out_.query_value = self_query_value(mark_hashes_.front());
    return true;
}

// The next receipts are that phase's, in committee order, from at least a quorum.
bool Inquiry::take_receipts(MarkPhase phase) {
    auto next = context_.committee.begin();
    std::size_t taken = 0;
    for (; receipts_taken_ < receipts_.size() && receipts_[receipts_taken_].phase == phase;
         ++receipts_taken_, ++taken) {
        const auto& receipt = receipts_[receipts_taken_];
        next = std::find(next, context_.committee.end(), receipt.issuer);
        if (next == context_.committee.end() || (is_on_demand() && *next != beacons_.front().issuer))
            return refuse(VerdictCode::receipt_quorum, "receipt " + nth(receipts_taken_, receipts_.size()) +
                                                           " is from nobody in the committee, or out of order");
        ++next;
        if (is_zero(receipt.value) == is_on_demand())
            return refuse(VerdictCode::commit_mismatch, "only receipts on demand carry, and must carry, query entropy");
        if (!is_signed_by(proof_.receipts[receipts_taken_], receipt.issuer))
            return refuse(VerdictCode::bad_signature,
                          "the signature of receipt " + nth(receipts_taken_, receipts_.size()));
    }
    if (taken < quorum())
        return refuse(VerdictCode::receipt_quorum,
                      std::to_string(taken) + " receipts of a mark instead of " + std::to_string(quorum()));
    return true;
}

bool Inquiry::receipts_agree() {
    if (is_self()) return true;
    if (!take_receipts(MarkPhase::compute)) return false;
    if (has_memory() && (!take_receipts(MarkPhase::hold) || !take_receipts(MarkPhase::walk))) return false;
    if (receipts_taken_ != receipts_.size())
        return refuse(VerdictCode::receipt_quorum,
                      "receipt " + nth(receipts_taken_, receipts_.size()) + " is out of order");
    if (is_on_demand()) {
        const Contribution query{id_of_key(receipts_.front().issuer), receipts_.front().value};
        out_.query_value = combined(BeaconPhase::query, {&query, 1});
    }
    return true;
}

void Inquiry::take_times() {
    for (const auto& receipt : receipts_) {
        auto& times = receipt.phase == MarkPhase::compute ? out_.compute_us
                      : receipt.phase == MarkPhase::hold  ? out_.hold_us
                                                          : out_.walk_us;
        times.push_back(receipt.received_us);
    }
    if (!is_on_demand()) return;
    constexpr auto latest = std::uint64_t{1} << 62; // far beyond any year, and still an Instant
    out_.issued_at = Instant(Microseconds(static_cast<std::int64_t>(std::min(beacons_.front().issued_at_us, latest))));
}

} // namespace

std::size_t witness_quorum(const VerifierContext& context, BeaconMode mode) {
    return mode == BeaconMode::on_demand ? 1 : std::max<std::size_t>(context.quorum, 1);
}

Refusal check_witnesses(const VerifierContext& context, const DecodedProof& decoded,
                        std::span<const Bytes32> mark_hashes, Testimony& testimony) {
    return Inquiry(context, decoded, mark_hashes, testimony).run();
}

} // namespace kaisar::popw
