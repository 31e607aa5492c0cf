#include "registry/reward_tree.h"

#include "crypto/keccak.h"
#include "error/error.h"
#include "evm/word.h"

namespace kaisar {
namespace {

Bytes32 hash_pair(const Bytes32& a, const Bytes32& b) { return a < b ? keccak256({a, b}) : keccak256({b, a}); }

} // namespace

void share_pool(const Uint256& pool, std::vector<Reward>& rewards) {
    std::uint64_t total = 0;
    for (const auto& reward : rewards) {
        check(reward.micro_points <= UINT64_MAX - total, "the points of an epoch fit 64 bits");
        total += reward.micro_points;
    }
    check(pool <= Uint256::max() / UINT64_MAX, "a pool leaves room for being multiplied by points");
    std::uint64_t so_far = 0;
    Uint256 paid;
    for (auto& reward : rewards) {
        so_far += reward.micro_points;
        const auto due = total == 0 ? Uint256() : pool * so_far / total;
        reward.amount = due - paid;
        paid = due;
    }
}

Bytes32 reward_leaf(std::uint64_t epoch, const Reward& reward) {
    return keccak256(keccak256(
        {word_of(epoch), reward.node_id, word_of(reward.owner), word_of(reward.micro_points), reward.amount.word()}));
}

MerkleTree::MerkleTree(std::vector<Bytes32> leaves) {
    levels_.push_back(std::move(leaves));
    while (levels_.back().size() > 1) {
        const auto& below = levels_.back();
        std::vector<Bytes32> above;
        for (std::size_t i = 0; i < below.size(); i += 2)
            above.push_back(i + 1 < below.size() ? hash_pair(below[i], below[i + 1]) : below[i]);
        levels_.push_back(std::move(above));
    }
}

Bytes32 MerkleTree::root() const { return levels_.back().empty() ? Bytes32{} : levels_.back().front(); }

std::vector<Bytes32> MerkleTree::proof_of(std::size_t leaf) const {
    std::vector<Bytes32> proof;
    for (const auto& level : levels_) {
        const auto neighbour = leaf ^ 1;
        if (neighbour < level.size()) proof.push_back(level[neighbour]);
        leaf /= 2;
    }
    return proof;
}

MerkleTree make_reward_tree(std::uint64_t epoch, const std::vector<Reward>& rewards) {
    std::vector<Bytes32> leaves;
    leaves.reserve(rewards.size());
    for (const auto& reward : rewards) leaves.push_back(reward_leaf(epoch, reward));
    return MerkleTree(std::move(leaves));
}

Bytes32 root_of(const RewardClaim& claim) {
    auto root = reward_leaf(claim.epoch, claim.reward);
    for (const auto& hash : claim.proof) root = hash_pair(root, hash);
    return root;
}

} // namespace kaisar
