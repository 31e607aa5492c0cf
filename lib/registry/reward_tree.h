/// An epoch's rewards: the pool shared by points to the last unit, and the Merkle tree that the registry pays from.
/// docs/contract.md gives the formulas.
#pragma once

#include "evm/address.h"
#include "transaction/uint256.h"

#include <vector>

namespace kaisar {

/// What one worker's owner is owed for an epoch.
struct Reward {
    Bytes32 node_id{};
    Address owner;
    std::uint64_t micro_points = 0;
    Uint256 amount;

    bool operator==(const Reward&) const = default;
};

/// A reward with what proves it to the registry.
struct RewardClaim {
    std::uint64_t epoch = 0;
    Reward reward;
    std::vector<Bytes32> proof;

    bool operator==(const RewardClaim&) const = default;
};

/// Sets each amount to the worker's share of the pool. The sum is the pool to the last unit, or zero where nobody has
/// points.
void share_pool(const Uint256& pool, std::vector<Reward>& rewards);

Bytes32 reward_leaf(std::uint64_t epoch, const Reward& reward);

/// A tree over hashes: inner nodes hash their children, the smaller first; a node without a neighbour moves up.
class MerkleTree {
public:
    explicit MerkleTree(std::vector<Bytes32> leaves);
    /// Zero for a tree without leaves.
    Bytes32 root() const;
    std::vector<Bytes32> proof_of(std::size_t leaf) const;

private:
    std::vector<std::vector<Bytes32>> levels_;
};

/// The tree over the rewards of an epoch, in their order.
MerkleTree make_reward_tree(std::uint64_t epoch, const std::vector<Reward>& rewards);

/// The root that a claim leads to: the registry pays when it is the one that was reported.
Bytes32 root_of(const RewardClaim& claim);

} // namespace kaisar
