/// A proof that is honest but for edits that the fuzzer's bytes describe, repaired as far as a cheater could repair it.
///
/// An input is: which proof, which repairs, what the verifier knows, then edits of five bytes: target, which one,
/// offset (16 bits), value. A cheater owns the node key; that edits may also sign as checkers lets them get past
/// signatures and into the checks behind.
#pragma once

#include "bytes/little_endian.h"
#include "unit/popw/staged_proof.h"

#include <algorithm>

namespace kaisar::popw::edited {

/// An honest proof together with what its maker knew.
struct Original {
    staged::Stage stage;
    ProofFile file;
    Proof proof;
    Bytes32 device_seed{};
    std::vector<std::vector<Bytes32>> leaves; ///< of each round
    std::optional<staged::Walk> walk;
    Bytes32 walking_seed{};
};

inline Original make_original(staged::Stage stage) {
    Original original;
    stage.change_leaves = [&](std::uint32_t, auto& leaves) { original.leaves.push_back(leaves); };
    stage.change_walk = [&](staged::Walk& walk) { original.walk = walk; };
    original.file = make_proof_file(stage);
    stage.change_leaves = nullptr;
    stage.change_walk = nullptr;
    const auto decoded = decode_proof(original.file.proof, stage.params);
    original.proof = decoded.proof;
    const auto& device = decoded.marks[0].devices[0];
    const auto seed =
        slot_seed(params_hash(stage.params), stage.slot, staged::node_id(), decoded.marks[0].beacon_value);
    original.device_seed = device_seed(seed, device.index, device.kind, device.uid, device.shape);
    if (original.walk)
        original.walking_seed = walk_seed(
            memory_seed(original.device_seed, mark_hash(original.proof.marks[0]), DeviceKind::host_memory, stage.pages),
            decoded.marks[2].beacon_value);
    original.stage = std::move(stage);
    return original;
}

/// One of each mode, and one with a memory part. Its pages are shorter than the test constants': a page is remade for
/// each of 64 reads, and nothing in the verifier depends on how long one takes.
inline const std::vector<Original>& originals() {
    static const auto all = [] {
        auto memory = staged::memory_stage();
        memory.params.host_pages.blocks = 16;
        memory.params.host_pages.passes = 2;
        staged::Stage self;
        self.mode = BeaconMode::self;
        std::vector<Original> made;
        for (const auto& stage : {staged::Stage(), memory, staged::on_demand_stage(), self})
            made.push_back(make_original(stage));
        return made;
    }();
    return all;
}

enum class Target : std::uint8_t {
    mark,
    beacon,
    receipt,
    root,
    opening,
    walk_root,
    walk_opening,
    leaf,
    walk_end,
    arrangement,
    head,
    encoded,
    length,
    count
};

struct Edit {
    Target target;
    std::uint8_t which;
    std::uint16_t offset;
    std::uint8_t value;
};

/// What is put right after the edits, one bit each.
enum Repair : std::uint8_t {
    sign_messages = 1,
    sign_proof = 2,
    fix_length = 4,
    renew_receipts = 8,
    commit_again = 16,
    open_again = 32,
    chain_marks = 64
};

struct Input {
    const Original* original;
    std::uint8_t repairs;
    std::uint8_t knowledge;
    std::vector<Edit> edits;
};

inline Input read_input(ByteView bytes) {
    constexpr std::size_t edit_limit = 24;
    ByteReader in(bytes);
    const auto which = in.get<std::uint8_t>();
    Input input{&originals()[which % originals().size()], in.get<std::uint8_t>(), in.get<std::uint8_t>(), {}};
    while (in.remaining() >= 5 && input.edits.size() < edit_limit) {
        const auto target = static_cast<Target>(in.get<std::uint8_t>() % static_cast<std::uint8_t>(Target::count));
        const auto position = in.get<std::uint8_t>();
        const auto offset = in.get<std::uint16_t>();
        input.edits.push_back({target, position, offset, in.get<std::uint8_t>()});
    }
    return input;
}

template <typename List>
auto* pick(List& list, std::uint8_t which) {
    return list.empty() ? nullptr : &list[which % list.size()];
}

inline void turn(std::span<std::uint8_t> bytes, const Edit& edit) {
    if (!bytes.empty()) bytes[edit.offset % bytes.size()] ^= edit.value;
}

/// The value that a verifier will draw the queries from.
inline Bytes32 query_value(const Original& original, const Proof& proof) {
    const auto mode = original.stage.mode;
    if (mode == BeaconMode::self) return self_query_value(mark_hash(proof.marks.back()));
    std::vector<Contribution> contributions;
    if (mode == BeaconMode::on_demand) {
        for (const auto& bytes : proof.receipts)
            if (const auto receipt = decode_receipt(bytes))
                contributions.push_back({id_of_key(receipt->issuer), receipt->value});
        return combine_beacon(BeaconPhase::query, original.stage.slot, {}, staged::node_id(), contributions);
    }
    for (const auto& bytes : proof.beacons)
        if (const auto beacon = decode_beacon(bytes); beacon && beacon->phase == BeaconPhase::query)
            contributions.push_back({id_of_key(beacon->issuer), beacon->value});
    return combine_beacon(BeaconPhase::query, original.stage.slot, original.stage.schedule_word, staged::node_id(),
                          contributions);
}

/// Applies a list of edits to an original and puts right what its repairs ask for.
class Editor {
public:
    explicit Editor(const Input& input)
        : input_(input), original_(*input.original), proof_(original_.proof), leaves_(original_.leaves),
          walk_(original_.walk) {}

    Bytes run() {
        for (const auto& edit : input_.edits) apply(edit);
        repair_marks();
        repair_witnesses();
        if (asks(open_again)) reopen();
        auto bytes = encode_proof(proof_, staged::key(original_.stage.signer));
        const auto untouched = bytes;
        for (const auto& edit : input_.edits) apply_to_encoded(edit, bytes);
        if (bytes.size() < header_bytes + signature_bytes) return bytes;
        if (asks(fix_length)) put_length(bytes);
        if (asks(sign_proof) && bytes != untouched) sign(bytes, MessageType::proof, staged::node_key());
        return bytes;
    }

private:
    bool asks(Repair repair) const { return (input_.repairs & repair) != 0; }

    static void put_length(Bytes& bytes) {
        const auto length = static_cast<std::uint32_t>(bytes.size());
        for (std::size_t i = 0; i < 4; ++i) bytes[8 + i] = static_cast<std::uint8_t>(length >> (8 * i));
    }

    static void sign(Bytes& message, MessageType type, const Ed25519Key& key) {
        message.resize(message.size() - signature_bytes);
        append_signature(message, type, key);
    }

    void apply(const Edit& edit);
    void arrange(const Edit& edit);
    void change_head(const Edit& edit);
    void spoil_leaf(const Edit& edit);
    void spoil_walk(const Edit& edit);
    void apply_to_encoded(const Edit& edit, Bytes& bytes) const;
    void repair_marks();
    void repair_witnesses();
    void reopen();

    const Input& input_;
    const Original& original_;
    Proof proof_;
    std::vector<std::vector<Bytes32>> leaves_;
    std::optional<staged::Walk> walk_;
};

inline void Editor::apply(const Edit& edit) {
    const auto turn_message = [&](std::vector<Bytes>& messages) {
        if (auto* message = pick(messages, edit.which)) turn(*message, edit);
    };
    switch (edit.target) {
    case Target::mark: return turn_message(proof_.marks);
    case Target::beacon: return turn_message(proof_.beacons);
    case Target::receipt: return turn_message(proof_.receipts);
    case Target::root:
        if (auto* root = proof_.compute ? pick(proof_.compute->roots, edit.which) : nullptr) turn(*root, edit);
        return;
    case Target::opening:
        if (auto* opening = proof_.compute ? pick(proof_.compute->openings, edit.which) : nullptr)
            turn(edit.offset < 32 ? opening->leaf : opening->siblings[edit.offset / 32 % opening->siblings.size()],
                 edit);
        return;
    case Target::walk_root:
        if (auto* root = proof_.memory ? pick(proof_.memory->roots, edit.which) : nullptr) turn(*root, edit);
        return;
    case Target::walk_opening:
        if (auto* opening = proof_.memory ? pick(proof_.memory->openings, edit.which) : nullptr) {
            if (edit.offset < 1024)
                turn(opening->ends, edit);
            else
                turn(opening->siblings[edit.offset % opening->siblings.size()], edit);
        }
        return;
    case Target::leaf: return spoil_leaf(edit);
    case Target::walk_end: return spoil_walk(edit);
    case Target::arrangement: return arrange(edit);
    case Target::head: return change_head(edit);
    default: return; // the rest is done on the encoded bytes
    }
}

/// Lists lose, repeat and exchange their members.
inline void Editor::arrange(const Edit& edit) {
    const auto change = [&](auto& list) {
        if (list.empty()) return;
        const auto at = list.begin() + static_cast<std::ptrdiff_t>(edit.offset % list.size());
        if (edit.value % 4 == 0)
            list.erase(at);
        else if (edit.value % 4 == 1)
            list.insert(at, *at);
        else if (edit.value % 4 == 2)
            std::iter_swap(at, list.begin());
        else
            list.clear();
    };
    switch (edit.which % 9) {
    case 0: return change(proof_.marks);
    case 1: return change(proof_.beacons);
    case 2: return change(proof_.receipts);
    case 3: return proof_.compute ? change(proof_.compute->roots) : void();
    case 4: return proof_.compute ? change(proof_.compute->openings) : void();
    case 5: return proof_.memory ? change(proof_.memory->roots) : void();
    case 6: return proof_.memory ? change(proof_.memory->openings) : void();
    case 7: return proof_.compute.reset();
    default: return proof_.memory.reset();
    }
}

inline void Editor::change_head(const Edit& edit) {
    switch (edit.which % 7) {
    case 0: proof_.epoch ^= std::uint64_t{edit.value} << (edit.offset % 64); return;
    case 1: proof_.slot ^= std::uint32_t{edit.value} << (edit.offset % 32); return;
    case 2: proof_.device_index = static_cast<std::uint16_t>(proof_.device_index ^ edit.offset); return;
    case 3: return turn(proof_.node_id, edit);
    case 4:
        if (proof_.memory) proof_.memory->pages ^= std::uint64_t{edit.value} << (edit.offset % 64);
        return;
    case 5:
        if (proof_.memory) proof_.memory->hold_batches ^= edit.value;
        return;
    default:
        if (proof_.memory) proof_.memory->walkers_log2 ^= edit.value;
        return;
    }
}

/// A tile that was not computed, with the tree above it as a cheater would grow it.
inline void Editor::spoil_leaf(const Edit& edit) {
    if (!proof_.compute) return;
    const auto round = edit.which % leaves_.size();
    turn(leaves_[round][edit.offset % leaves_[round].size()], edit);
    if (round < proof_.compute->roots.size())
        proof_.compute->roots[round] = staged::grow_tree(leaves_[round]).back().front();
}

inline void Editor::spoil_walk(const Edit& edit) {
    if (!walk_ || !proof_.memory) return;
    const auto batch = edit.which % walk_->ends.size();
    walk_->ends[batch][edit.offset % staged::Walk::walkers] ^= edit.value;
    walk_->hash_batch(batch);
    if (batch < proof_.memory->roots.size()) proof_.memory->roots[batch] = walk_->part.roots[batch];
}

inline void Editor::apply_to_encoded(const Edit& edit, Bytes& bytes) const {
    if (edit.target == Target::encoded)
        turn(bytes, {edit.target, 0, static_cast<std::uint16_t>(edit.offset + 65536u / 4 * edit.which), edit.value});
    if (edit.target != Target::length) return;
    const std::size_t by = edit.offset % 512;
    if (edit.which % 2 == 0) {
        bytes.resize(bytes.size() - std::min(by, bytes.size()));
        return;
    }
    const Bytes added(by, edit.value);
    const auto before_signature =
        bytes.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(bytes.size(), signature_bytes));
    bytes.insert(before_signature, added.begin(), added.end());
}

/// Marks carry commitments to whatever the proof now shows, and name each other.
inline void Editor::repair_marks() {
    constexpr std::size_t previous_at = 64;
    constexpr std::size_t commit_at = 136 + 48;
    for (std::size_t i = 0; i < proof_.marks.size(); ++i) {
        auto& mark = proof_.marks[i];
        if (mark.size() < mark_bytes(1)) continue;
        if (asks(commit_again) && i == 0 && proof_.compute)
            std::ranges::copy(compute_commit(original_.device_seed, all_profiles().front().id, proof_.compute->roots),
                              mark.begin() + commit_at);
        if (asks(commit_again) && i > 0 && proof_.memory) {
            const std::span<const Bytes32> roots(proof_.memory->roots);
            const auto count = i == 1 ? std::min<std::size_t>(proof_.memory->hold_batches, roots.size()) : roots.size();
            std::ranges::copy(walk_commit(original_.walking_seed, proof_.memory->kind, proof_.memory->walkers_log2,
                                          roots.first(count)),
                              mark.begin() + commit_at);
        }
        if (asks(chain_marks) && i > 0) std::ranges::copy(mark_hash(proof_.marks[i - 1]), mark.begin() + previous_at);
        if (asks(sign_messages) && mark != original_.proof.marks[std::min(i, original_.proof.marks.size() - 1)])
            sign(mark, MessageType::mark, staged::node_key());
    }
}

inline void Editor::repair_witnesses() {
    constexpr std::size_t receipt_phase_at = 28;
    constexpr std::size_t receipt_hash_at = 64;
    const auto sign_as_issuer = [&](Bytes& message, MessageType type, std::size_t issuer_at) {
        for (std::size_t i = 0; i < 3; ++i) {
            const auto key = staged::checker_key(i);
            if (std::ranges::equal(key.public_key(), std::span(message).subspan(issuer_at, 32)))
                sign(message, type, key);
        }
    };
    if (asks(renew_receipts))
        for (auto& receipt : proof_.receipts)
            if (const std::size_t phase = receipt[receipt_phase_at]; phase >= 1 && phase <= proof_.marks.size())
                std::ranges::copy(mark_hash(proof_.marks[phase - 1]), receipt.begin() + receipt_hash_at);
    if (!asks(sign_messages)) return;
    const auto is_original = [](const std::vector<Bytes>& messages, const Bytes& message) {
        return std::ranges::find(messages, message) != messages.end();
    };
    for (auto& receipt : proof_.receipts)
        if (!is_original(original_.proof.receipts, receipt)) sign_as_issuer(receipt, MessageType::receipt, 32);
    for (auto& beacon : proof_.beacons)
        if (!is_original(original_.proof.beacons, beacon)) sign_as_issuer(beacon, MessageType::beacon, 72);
}

/// The openings that the last mark and beacon C now ask for, from the trees as they are.
inline void Editor::reopen() {
    if (proof_.marks.empty() || !proof_.compute || proof_.compute->roots.empty()) return;
    const auto seed = query_seed(query_value(original_, proof_), mark_hash(proof_.marks.back()), proof_.device_index);
    const auto rounds = static_cast<std::uint32_t>(std::min(proof_.compute->roots.size(), leaves_.size()));
    const auto count = tile_openings(original_.stage.params, original_.stage.mode);
    std::vector<staged::Tree> trees;
    for (const auto& leaves : leaves_) trees.push_back(staged::grow_tree(leaves));
    proof_.compute->openings.clear();
    for (const auto& query : draw_tile_queries(staged::primitives(), seed, rounds, all_profiles().front(), count))
        proof_.compute->openings.push_back(staged::open(trees[query.round], query.leaf));
    if (!walk_ || !proof_.memory || proof_.memory->roots.empty()) return;
    const auto batches = static_cast<std::uint32_t>(std::min(proof_.memory->roots.size(), walk_->ends.size()));
    proof_.memory->openings.clear();
    for (const auto& query :
         draw_walk_queries(staged::primitives(), seed, original_.stage.params, staged::Walk::walkers_log2, 1, batches))
        proof_.memory->openings.push_back(walk_->open(query.batch, query.walker));
}

} // namespace kaisar::popw::edited
