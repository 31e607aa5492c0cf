#include "popw/verifier.h"

#include "popw/memory_verification.h"
#include "popw/witnesses.h"
#include "popw_rules/committee.h"
#include "popw_work/seeds.h"
#include "popw_work/tiles.h"

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

// One proof on its way through the checks. Every step returns whether to go on; the first that does not has set the
// finding.
class Examination {
public:
    Examination(ByteView bytes, const VerifierContext& context, const Primitives& primitives)
        : bytes_(bytes), context_(context), params_(context.params), primitives_(primitives) {}

    Verification run() {
        finding_.code = VerdictCode::malformed;
        if (is_expected() && decode() && marks_agree() && own_receipts_agree() && node_signed() && is_witnessed() &&
            is_in_time() && commits_agree() && paths_agree() && tiles_agree() && walks_agree())
            accept();
        return finding_;
    }

private:
    bool refuse(VerdictCode code, std::string detail) {
        finding_.code = code;
        finding_.detail = std::move(detail);
        return false;
    }

    bool refuse(const Refusal& refusal) { return refusal.ok() || refuse(refusal.code, refusal.detail); }

    bool is_expected();
    bool decode();
    bool marks_agree();
    bool own_receipts_agree();
    bool node_signed();
    bool is_witnessed();
    bool is_in_time();
    bool is_held_in_time();
    bool commits_agree();
    bool paths_agree();
    bool tiles_agree();
    bool walks_agree();
    void accept();

    bool is_on_demand() const { return mark_->mode == BeaconMode::on_demand; }
    std::size_t quorum() const { return witness_quorum(context_, mark_->mode); }
    std::uint64_t received_time(const std::vector<std::uint64_t>& times) const {
        return popw::received_time(times, quorum());
    }
    bool is_self() const { return mark_->mode == BeaconMode::self; }
    bool has_memory() const { return proof_.memory.has_value(); }
    MemoryClaim memory_claim() const {
        const auto& hold = decoded_.marks[1];
        const auto& walk = decoded_.marks[2];
        return {*proof_.memory, hold, walk, *hold.find_device(proof_.device_index),
                *walk.find_device(proof_.device_index)};
    }
    SlotId slot() const { return {proof_.epoch, proof_.slot}; }
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
    std::vector<Bytes32> mark_hashes_;
    Testimony testimony_;
    Bytes32 device_seed_{};
    Bytes32 query_seed_{};
    Bytes32 memory_seed_{};
    Bytes32 walk_seed_{};
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
    if (!proof_.compute) return refuse(VerdictCode::limits, "a memory part without a compute part is not accepted");
    mark_ = &decoded_.marks.front();
    device_ = mark_->find_device(proof_.device_index);
    profile_ = find_profile(device_->shape);
    finding_.mode = mark_->mode;
    finding_.profile_id = profile_->id;
    finding_.rounds = static_cast<std::uint32_t>(proof_.compute->roots.size());
    if (decoded_.marks.size() != (has_memory() ? 3 : 1))
        return refuse(VerdictCode::malformed, "a compute part has one mark, a memory part two more");
    if (mark_->mode == BeaconMode::drand)
        return refuse(VerdictCode::limits, "beacon mode 2 is not accepted by this version");
    if (device_->kind != DeviceKind::cpu && device_->kind != DeviceKind::cuda)
        return refuse(VerdictCode::limits, "a memory device cannot compute");
    if (has_memory() && mark_->mode != BeaconMode::committee)
        return refuse(VerdictCode::limits, "memory is proved in mode committee only");
    return true;
}

bool Examination::marks_agree() {
    for (const auto& mark : decoded_.marks)
        if (mark.epoch != proof_.epoch || mark.slot != proof_.slot || mark.node_id != proof_.node_id ||
            mark.mode != mark_->mode)
            return refuse(VerdictCode::commit_mismatch, "a mark belongs to another node, slot or mode");
    if (!is_zero(mark_->previous_mark))
        return refuse(VerdictCode::commit_mismatch, "the compute mark names a preceding mark");
    if (device_->count != finding_.rounds)
        return refuse(VerdictCode::commit_mismatch, "the mark commits " + std::to_string(device_->count) +
                                                        " rounds, the proof shows " + std::to_string(finding_.rounds));
    const bool exists = is_on_demand() ? proof_.slot >= first_on_demand_slot : is_scheduled(params_, slot());
    if (!exists)
        return refuse(VerdictCode::not_active, "there is no slot " + std::to_string(proof_.slot) + " of that mode");
    for (const auto& mark : proof_.marks) mark_hashes_.push_back(mark_hash(mark));
    return !has_memory() || refuse(check_memory_marks(params_, proof_, decoded_.marks, mark_hashes_));
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
    for (std::size_t i = 0; i < proof_.marks.size(); ++i)
        if (!is_signed_by(proof_.marks[i], *context_.node_key))
            return refuse(VerdictCode::bad_signature, "the signature of mark " + nth(i, proof_.marks.size()));
    return true;
}

bool Examination::is_witnessed() { return refuse(check_witnesses(context_, decoded_, mark_hashes_, testimony_)); }

bool Examination::is_in_time() {
    if (is_self()) return true;
    finding_.compute_us = received_time(testimony_.compute_us);
    if (finding_.compute_us > static_cast<std::uint64_t>(params_.compute_cutoff.count()))
        return refuse(VerdictCode::late, "the mark came " + std::to_string(finding_.compute_us) +
                                             " us after T0, the cut-off is " +
                                             std::to_string(params_.compute_cutoff.count()));
    if (has_memory() && !is_held_in_time()) return false;
    if (!context_.received_at) return true;
    const auto t0 = is_on_demand() ? testimony_.issued_at : t0_of(params_, slot());
    if (*context_.received_at < t0) return refuse(VerdictCode::not_active, "the slot lies ahead");
    if (*context_.received_at - t0 > params_.proof_deadline)
        return refuse(VerdictCode::late, "the proof arrived after its deadline");
    return true;
}

bool Examination::is_held_in_time() {
    const auto walk_at = static_cast<std::uint64_t>(params_.walk_at.count());
    const auto window = static_cast<std::uint64_t>((params_.hold_window + params_.round_trip_limit).count());
    const auto since_walk_at = [&](std::uint64_t time) { return std::max(time, walk_at) - walk_at; };
    const auto holds = testimony_.hold_us;
    const auto in_time = std::ranges::count_if(holds, [&](auto time) { return since_walk_at(time) <= window; });
    if (static_cast<std::size_t>(in_time) < quorum())
        return refuse(VerdictCode::hold_late, std::to_string(in_time) + " checkers received the hold mark within " +
                                                  std::to_string(window) + " us, " + std::to_string(quorum()) +
                                                  " are needed");
    const auto walked = received_time(testimony_.walk_us);
    if (walked > static_cast<std::uint64_t>(params_.walk_cutoff.count()))
        return refuse(VerdictCode::late, "the walk mark came " + std::to_string(walked) +
                                             " us after T0, the cut-off is " +
                                             std::to_string(params_.walk_cutoff.count()));
    finding_.hold_us = since_walk_at(received_time(holds));
    finding_.walk_us = since_walk_at(walked);
    return true;
}

bool Examination::commits_agree() {
    const auto seed = slot_seed(params_hash(params_), slot(), proof_.node_id, mark_->beacon_value);
    device_seed_ = device_seed(seed, device_->index, device_->kind, device_->uid, profile_->id);
    if (compute_commit(device_seed_, profile_->id, proof_.compute->roots) != device_->commit)
        return refuse(VerdictCode::commit_mismatch, "the round roots are not those that the mark committed");
    query_seed_ = query_seed(testimony_.query_value, mark_hashes_.back(), proof_.device_index);
    if (!has_memory()) return true;
    const auto& part = *proof_.memory;
    memory_seed_ = memory_seed(device_seed_, mark_hashes_.front(), part.kind, part.pages);
    walk_seed_ = walk_seed(memory_seed_, decoded_.marks.back().beacon_value);
    return refuse(check_walk_commits(memory_claim(), walk_seed_));
}

bool Examination::paths_agree() {
    const TreeHasher hasher(primitives_);
    const auto& openings = proof_.compute->openings;
    queries_ = draw_tile_queries(primitives_, query_seed_, finding_.rounds, *profile_,
                                 static_cast<std::uint32_t>(openings.size()));
    for (std::size_t i = 0; i < openings.size(); ++i)
        if (hasher.fold_path(openings[i].leaf, queries_[i].leaf, openings[i].siblings) !=
            proof_.compute->roots[queries_[i].round])
            return refuse(VerdictCode::path_mismatch, "opening " + nth(i, openings.size()) +
                                                          " does not lead to the root of round " +
                                                          std::to_string(queries_[i].round));
    return true;
}

bool Examination::walks_agree() {
    if (!has_memory()) return true;
    const auto& part = *proof_.memory;
    const auto queries = draw_walk_queries(primitives_, query_seed_, params_, part.walkers_log2, part.hold_batches,
                                           static_cast<std::uint32_t>(part.roots.size()));
    return refuse(check_walks(primitives_, params_, part, memory_seed_, walk_seed_, queries));
}

bool Examination::tiles_agree() {
    const TreeHasher hasher(primitives_);
    const auto& openings = proof_.compute->openings;
    for (std::size_t i = 0; i < openings.size(); ++i)
        if (recompute_leaf(primitives_, hasher, *profile_, seed_of(queries_[i].round), queries_[i].leaf) !=
            openings[i].leaf)
            return refuse(VerdictCode::tile_mismatch,
                          "opening " + nth(i, openings.size()) + ", tile " + std::to_string(queries_[i].leaf) +
                              " of round " + std::to_string(queries_[i].round) + ", is not the right product");
    return true;
}

void Examination::accept() {
    finding_.code = VerdictCode::ok;
    finding_.macs = finding_.rounds * profile_->macs_per_round();
    if (!has_memory()) return;
    const auto& part = *proof_.memory;
    finding_.held_bytes = part.pages * page_bytes(page_shape(params_, part.kind));
    finding_.walk_bytes = (part.roots.size() * steps_per_walker * block_bytes) << part.walkers_log2;
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
