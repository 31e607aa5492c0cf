/// What a portal tells about an owner's rewards, `kaisar.rewards/1`; docs/protocol.md describes it.
#pragma once

#include "registry/reward_tree.h"

#include <optional>
#include <string>
#include <string_view>

namespace kaisar {

inline constexpr std::size_t rewards_json_limit_bytes = 1 << 20;

struct OwnedRewards {
    Address owner;
    std::vector<RewardClaim> claims;         ///< by epoch; of the embedded ledger only those that were not claimed
    std::optional<std::uint64_t> next_epoch; ///< where the list goes on, when it is cut off
    std::optional<Uint256> balance;          ///< of the embedded ledger: what was claimed before

    bool operator==(const OwnedRewards&) const = default;
};

/// What the embedded ledger paid out for a claim.
struct PaidRewards {
    std::size_t count = 0;
    Uint256 amount;
    Bytes32 transaction_hash{}; ///< of the last of its records; zero where nothing was left to claim

    bool operator==(const PaidRewards&) const = default;
};

std::string encode_owned_rewards(const OwnedRewards& rewards);
OwnedRewards decode_owned_rewards(std::string_view text);
std::string encode_paid_rewards(const PaidRewards& paid);
PaidRewards decode_paid_rewards(std::string_view text);

/// The rewards of an epoch, as a store keeps them.
std::string encode_rewards(const std::vector<Reward>& rewards);
std::vector<Reward> decode_rewards(std::string_view text);

} // namespace kaisar
