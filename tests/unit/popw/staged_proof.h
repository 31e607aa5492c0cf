/// Proofs made with fixed keys, honest by default, with a handle on everything that a cheat could turn.
///
/// Profile T0 without the ComputeProver: leaves are recomputed one superblock at a time, so that a test can put
/// anything into the tree before it is committed.
#pragma once

#include "golden/patterns.h"
#include "popw/proof_file.h"
#include "popw_rules/committee.h"
#include "popw_work/memory.h"
#include "popw_work/seeds.h"
#include "popw_work/tiles.h"

#include <functional>

namespace kaisar::popw::staged {

inline const Primitives& primitives() {
    static const auto chosen = choose_primitives(detect_cpu_features());
    return chosen;
}

inline Ed25519Key key(std::uint8_t seed) { return Ed25519Key::from_seed(golden::repeated(seed)); }
inline Ed25519Key node_key() { return key(0x11); }
inline Ed25519Key checker_key(std::size_t i) { return key(static_cast<std::uint8_t>(0x20 + i)); }

struct Walk;

struct Stage {
    Params params = *find_params("test");
    BeaconMode mode = BeaconMode::committee;
    std::uint32_t network_id = 7;
    SlotId slot{20000, 17};
    std::vector<std::size_t> members{0, 2};
    std::vector<std::size_t> receivers{0, 1};
    std::vector<std::uint64_t> received_us{90000, 91234};
    Bytes32 schedule_word = golden::ascending<32>(0x80);
    std::uint32_t rounds = 2;
    Bytes32 receipt_value{}; ///< on demand
    std::int64_t issued_at_us = 0;

    std::size_t quorum = 2;
    std::size_t checkers = 3;

    /// Makes a round's leaves in place of honest work.
    std::function<void(std::uint32_t round, const Bytes32& round_seed, std::vector<Bytes32>& leaves)> make_leaves;
    std::function<void(std::uint32_t round, std::vector<Bytes32>& leaves)> change_leaves;
    std::function<void(std::vector<Bytes32>& roots)> change_roots;
    std::function<void(Beacon&)> change_beacon;
    std::function<void(Mark&)> change_mark;
    std::function<void(Receipt&)> change_receipt;
    std::function<void(std::vector<TileQuery>&)> change_queries;
    std::function<void(Proof&)> change_proof;
    std::uint64_t pages = 0; ///< host pages that are walked; none: no memory part
    std::uint32_t batches = 3;
    std::vector<std::size_t> walk_members{0, 2};
    std::vector<std::uint64_t> hold_us{750000, 760000};
    std::vector<std::uint64_t> walk_us{830000, 840000};
    std::function<void(Bytes& memory)> change_memory;
    std::function<void(Mark&)> change_hold_mark;
    std::function<void(Mark&)> change_walk_mark;
    std::function<void(Walk&)> change_walk; ///< after the memory was walked, before anything is committed
    std::function<void(std::vector<WalkQuery>&)> change_walk_queries;
    std::uint8_t signer = 0x11; ///< seed of the key that signs the proof

    bool is_on_demand() const { return mode == BeaconMode::on_demand; }
};

inline Bytes32 node_id() { return id_of_key(node_key().public_key()); }

inline Bytes make_beacon(const Stage& stage, BeaconPhase phase, const Ed25519Key& issuer, const Bytes32& value) {
    Beacon beacon{.network_id = stage.network_id,
                  .mode = stage.mode,
                  .phase = phase,
                  .epoch = stage.slot.epoch,
                  .slot = stage.slot.slot,
                  .params_hash = params_hash(stage.params),
                  .issuer = issuer.public_key(),
                  .value = value,
                  .issued_at_us = static_cast<std::uint64_t>(stage.issued_at_us)};
    if (stage.is_on_demand()) beacon.node_id = node_id();
    if (stage.change_beacon) stage.change_beacon(beacon);
    return encode_beacon(beacon, issuer);
}

inline Bytes32 release(const Stage& stage, BeaconPhase phase, const std::vector<std::size_t>& members,
                       std::vector<Bytes>& out) {
    std::vector<Contribution> contributions;
    for (auto i : members) {
        const auto value =
            beacon_value(golden::repeated(static_cast<std::uint8_t>(0x30 + i)), phase, stage.network_id, stage.slot);
        contributions.push_back({id_of_key(checker_key(i).public_key()), value});
        out.push_back(make_beacon(stage, phase, checker_key(i), value));
    }
    return combine_beacon(phase, stage.slot, stage.is_on_demand() ? Bytes32{} : stage.schedule_word, node_id(),
                          contributions);
}

/// All levels of a round's tree, leaves first.
using Tree = std::vector<std::vector<Bytes32>>;

inline Tree grow_tree(const std::vector<Bytes32>& leaves) {
    const TreeHasher hasher(primitives());
    Tree tree{leaves};
    while (tree.back().size() > 1) {
        std::vector<Bytes32> above;
        for (std::size_t i = 0; i < tree.back().size(); i += 2)
            above.push_back(hasher.node(tree.back()[i], tree.back()[i + 1]));
        tree.push_back(std::move(above));
    }
    return tree;
}

/// The trees of a chain of rounds.
inline std::vector<Tree> make_trees(const Stage& stage, const Bytes32& device_seed) {
    const TreeHasher hasher(primitives());
    std::vector<Tree> trees;
    Bytes32 previous{};
    for (std::uint32_t round = 0; round < stage.rounds; ++round) {
        std::vector<Bytes32> leaves(superblock_tiles);
        const auto seed = round_seed(device_seed, round, previous);
        if (stage.make_leaves)
            stage.make_leaves(round, seed, leaves);
        else
            recompute_superblock(primitives(), hasher, all_profiles().front(), seed, 0, leaves.data());
        if (stage.change_leaves) stage.change_leaves(round, leaves);
        trees.push_back(grow_tree(leaves));
        previous = trees.back().back().front();
    }
    return trees;
}

inline TileOpening open(const Tree& tree, std::size_t leaf) {
    TileOpening opening{tree.front()[leaf], {}};
    for (std::size_t height = 0; height + 1 < tree.size(); ++height)
        opening.siblings.push_back(tree[height][(leaf >> height) ^ 1]);
    return opening;
}

inline void add_receipts(const Stage& stage, Proof& proof, MarkPhase phase,
                         const std::vector<std::uint64_t>& received_us) {
    for (std::size_t i = 0; i < stage.receivers.size(); ++i) {
        const auto issuer = checker_key(stage.receivers[i]);
        Receipt receipt{.epoch = stage.slot.epoch,
                        .slot = stage.slot.slot,
                        .phase = phase,
                        .issuer = issuer.public_key(),
                        .mark_hash = mark_hash(proof.marks[static_cast<std::size_t>(phase) - 1]),
                        .received_us = received_us[i],
                        .value = stage.receipt_value};
        if (stage.change_receipt) stage.change_receipt(receipt);
        proof.receipts.push_back(encode_receipt(receipt, issuer));
    }
}

/// Receipts and the query's beacons; gives the query's value.
inline Bytes32 add_witnesses(const Stage& stage, Proof& proof) {
    if (stage.mode == BeaconMode::self) return self_query_value(mark_hash(proof.marks.back()));
    add_receipts(stage, proof, MarkPhase::compute, stage.received_us);
    if (stage.pages > 0) {
        add_receipts(stage, proof, MarkPhase::hold, stage.hold_us);
        add_receipts(stage, proof, MarkPhase::walk, stage.walk_us);
    }
    if (!stage.is_on_demand())
        return release(stage, BeaconPhase::query, stage.pages > 0 ? stage.walk_members : stage.members, proof.beacons);
    const Contribution query{id_of_key(checker_key(stage.members[0]).public_key()), stage.receipt_value};
    return combine_beacon(BeaconPhase::query, stage.slot, {}, node_id(), {&query, 1});
}

/// A walk made with the plain functions, so that it can be made over any bytes.
struct Walk {
    static constexpr std::uint8_t walkers_log2 = 10;
    static constexpr std::size_t walkers = std::size_t{1} << walkers_log2;
    MemoryPart part;
    std::vector<std::vector<std::uint64_t>> ends;
    std::vector<std::vector<Bytes32>> leaves;

    /// Leaves and root of a batch from its end values.
    void hash_batch(std::size_t batch) {
        leaves[batch].resize(walkers / walkers_per_leaf);
        hash_walk(primitives(), ends[batch], leaves[batch].data());
        auto nodes = leaves[batch];
        part.roots[batch] = TreeHasher(primitives()).fold(nodes);
    }

    WalkOpening open(std::size_t batch, std::uint64_t walker) const {
        const auto leaf = static_cast<std::size_t>(walker / walkers_per_leaf);
        WalkOpening opening;
        std::memcpy(opening.ends.data(), ends[batch].data() + leaf * walkers_per_leaf, opening.ends.size());
        TreeHasher(primitives()).append_path(leaves[batch], leaf, opening.siblings);
        return opening;
    }
};

inline Walk make_walk(const Stage& stage, const Bytes32& seed, const Bytes32& walking_seed) {
    const auto& shape = stage.params.host_pages;
    Bytes memory(stage.pages * page_bytes(shape));
    fill_pages(primitives(), seed, shape, 0, stage.pages, memory.data());
    if (stage.change_memory) stage.change_memory(memory);
    Walk walk{.part = {.kind = DeviceKind::host_memory,
                       .walkers_log2 = Walk::walkers_log2,
                       .hold_batches = 1,
                       .pages = stage.pages}};
    for (std::uint32_t batch = 0; batch < stage.batches; ++batch) {
        std::vector<std::uint64_t> ends(Walk::walkers);
        const auto key = batch_key(walking_seed, batch, batch == 0 ? Bytes32{} : walk.part.roots.back());
        kaisar::popw::walk(primitives(), key, memory.data(), stage.pages * shape.blocks, 0, Walk::walkers, ends.data());
        walk.ends.push_back(std::move(ends));
        walk.leaves.emplace_back();
        walk.part.roots.emplace_back();
        walk.hash_batch(batch);
    }
    if (stage.change_walk) stage.change_walk(walk);
    return walk;
}

/// Adds hold and walk mark, and beacon B; gives what the walk was.
inline Walk add_walk(const Stage& stage, Proof& proof, const Bytes32& device_seed, const Mark& compute) {
    const auto seed = memory_seed(device_seed, mark_hash(proof.marks[0]), DeviceKind::host_memory, stage.pages);
    const auto value = release(stage, BeaconPhase::walk, stage.walk_members, proof.beacons);
    const auto walking_seed = walk_seed(seed, value);
    auto walk = make_walk(stage, seed, walking_seed);
    auto mark = compute;
    mark.beacon_value = value;
    mark.committee_bitmap = 0;
    for (auto i : stage.walk_members) mark.committee_bitmap |= std::uint64_t{1} << i;
    for (auto phase : {MarkPhase::hold, MarkPhase::walk}) {
        const auto count = phase == MarkPhase::hold ? 1 : walk.part.roots.size();
        const auto roots = std::span<const Bytes32>(walk.part.roots).first(count);
        mark.phase = phase;
        mark.previous_mark = mark_hash(proof.marks.back());
        mark.devices[0] = {compute.devices[0].index,
                           DeviceKind::host_memory,
                           Walk::walkers_log2,
                           static_cast<std::uint32_t>(count),
                           stage.pages,
                           compute.devices[0].uid,
                           walk_commit(walking_seed, walk.part.kind, Walk::walkers_log2, roots)};
        auto changed = mark;
        const auto& change = phase == MarkPhase::hold ? stage.change_hold_mark : stage.change_walk_mark;
        if (change) change(changed);
        proof.marks.push_back(encode_mark(changed, node_key()));
    }
    return walk;
}

inline void open_walk(const Stage& stage, Proof& proof, Walk walk, const Bytes32& seed) {
    auto queries = draw_walk_queries(primitives(), seed, stage.params, Walk::walkers_log2, 1, stage.batches);
    if (stage.change_walk_queries) stage.change_walk_queries(queries);
    for (const auto& [batch, walker] : queries) walk.part.openings.push_back(walk.open(batch, walker));
    proof.memory = std::move(walk.part);
}

inline ProofFile make_proof_file(const Stage& stage) {
    const auto& profile = all_profiles().front();
    const auto uid = golden::repeated(0x55);
    constexpr std::uint16_t device = 3;
    Proof proof{.epoch = stage.slot.epoch, .slot = stage.slot.slot, .device_index = device, .node_id = node_id()};
    Bytes32 start = golden::ascending<32>(0);
    if (stage.mode == BeaconMode::committee)
        proof.beacons.push_back(make_beacon(stage, BeaconPhase::schedule, checker_key(0), stage.schedule_word));
    if (stage.mode != BeaconMode::self) start = release(stage, BeaconPhase::start, stage.members, proof.beacons);
    const auto seed = device_seed(slot_seed(params_hash(stage.params), stage.slot, node_id(), start), device,
                                  DeviceKind::cpu, uid, profile.id);
    const auto trees = make_trees(stage, seed);
    std::vector<Bytes32> roots;
    for (const auto& tree : trees) roots.push_back(tree.back().front());
    if (stage.change_roots) stage.change_roots(roots);
    Mark mark{.phase = MarkPhase::compute,
              .mode = stage.mode,
              .epoch = stage.slot.epoch,
              .slot = stage.slot.slot,
              .node_id = node_id(),
              .beacon_value = start,
              .devices = {{device, DeviceKind::cpu, 0, stage.rounds, 0, uid, compute_commit(seed, profile.id, roots)}}};
    if (stage.mode != BeaconMode::self)
        for (auto i : stage.members) mark.committee_bitmap |= std::uint64_t{1} << i;
    if (stage.change_mark) stage.change_mark(mark);
    proof.marks.push_back(encode_mark(mark, node_key()));
    std::optional<Walk> walk;
    if (stage.pages > 0) walk = add_walk(stage, proof, seed, mark);
    const auto asking_seed = query_seed(add_witnesses(stage, proof), mark_hash(proof.marks.back()), device);
    auto queries =
        draw_tile_queries(primitives(), asking_seed, stage.rounds, profile, tile_openings(stage.params, stage.mode));
    if (stage.change_queries) stage.change_queries(queries);
    proof.compute = ComputePart{roots, {}};
    for (const auto& query : queries) proof.compute->openings.push_back(open(trees[query.round], query.leaf));
    if (walk) open_walk(stage, proof, std::move(*walk), asking_seed);
    if (stage.change_proof) stage.change_proof(proof);
    ProofFile file{.params = stage.params,
                   .network_id = 7,
                   .node_key = node_key().public_key(),
                   .proof = encode_proof(proof, key(stage.signer))};
    if (stage.mode != BeaconMode::self) {
        file.schedule_issuer = checker_key(0).public_key();
        for (std::size_t i = 0; i < stage.checkers; ++i) file.committee.push_back(checker_key(i).public_key());
        file.quorum = stage.quorum;
    }
    return file;
}

inline Verification verify(const Stage& stage) { return verify_proof_file(make_proof_file(stage), primitives()); }

/// What verify_proof_file makes of the file, for tests that change it.
inline VerifierContext context_of(const ProofFile& file) {
    return {.params = file.params,
            .network_id = file.network_id,
            .node_key = file.node_key,
            .committee = file.committee,
            .quorum = file.quorum,
            .schedule_issuer = file.schedule_issuer};
}

/// A slot whose word asks for a memory part, with half a mebibyte of memory.
inline Stage memory_stage() { return {.schedule_word = golden::ascending<32>(0), .pages = 8}; }

inline Stage on_demand_stage() {
    return {.mode = BeaconMode::on_demand,
            .slot = {20000, first_on_demand_slot + 5},
            .members = {1},
            .receivers = {1},
            .received_us = {120000},
            .receipt_value = golden::repeated(0x77),
            .issued_at_us = 1728000000000000};
}

} // namespace kaisar::popw::staged
