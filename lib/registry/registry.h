/// How the registry contract and its token are called, and what they answer. docs/contract.md says what each does.
#pragma once

#include "evm/binding.h"
#include "registry/reward_tree.h"

#include <optional>
#include <span>
#include <string>

namespace kaisar {

/// The code with its arguments: the data of the transaction that makes the contract.
Bytes registry_deployment(const Address& operator_account, std::uint64_t epoch_seconds, const Uint256& pool_limit);

/// A worker as the chain has it; `peer_id` is zero when it has no peer that serves.
struct RegisteredWorker {
    Bytes32 inventory_hash{};
    std::uint64_t issued_at = 0;
    std::uint64_t expires_at = 0; ///< zero: not registered, or no more
    Bytes32 peer_id{};
    Bytes32 peer_key{};
    std::uint64_t peer_expires_at = 0;
    std::string endpoint;
};

struct RegisteredPeer {
    Bytes32 key{};
    std::string endpoint;
    bool is_retired = false;
};

/// What the registry keeps of an epoch.
struct RegistryReport {
    Bytes32 rewards_root{};
    Bytes32 verdicts_root{};
    Bytes32 points_digest{};
    std::uint64_t micro_points = 0;
    Uint256 pool;

    bool operator==(const RegistryReport&) const = default;
};

Bytes register_call(const SignedBinding& binding);
Bytes assign_peer_call(const Bytes32& node_id, const Address& owner);
Bytes worker_call(const Bytes32& node_id, const Address& owner);
Bytes add_peer_call(const Bytes32& key, std::string_view endpoint);
Bytes retire_peer_call(std::uint64_t index);
Bytes peer_call(std::uint64_t index);
Bytes add_checker_call(const Bytes32& key);
Bytes ban_checker_call(const Bytes32& key, std::uint64_t until);
/// 0: unknown; 1: never banned; else until when.
Bytes checker_call(const Bytes32& key);
Bytes report_epoch_call(std::uint64_t epoch, const RegistryReport& report);
Bytes report_call(std::uint64_t epoch);
Bytes claim_call(std::span<const RewardClaim> claims);
/// What the claims of such a call come to; nothing for the data of another call.
struct ClaimedSum {
    std::size_t count = 0;
    Uint256 amount;
};
std::optional<ClaimedSum> find_claimed_sum(ByteView call);
Bytes is_claimed_call(std::uint64_t epoch, const Bytes32& node_id);
Bytes token_balance_call(const Address& account);
Bytes token_transfer_call(const Address& to, const Uint256& amount);

/// Calls without arguments: operator, token, epochSeconds, poolLimit, nextEpoch, peerCount, servingPeerCount.
Bytes registry_getter(std::string_view name);

/// Nothing for answers that are none of this contract's.
std::optional<RegisteredWorker> decode_worker(ByteView answer);
std::optional<RegisteredPeer> decode_peer(ByteView answer);
std::optional<RegistryReport> decode_report(ByteView answer);
std::optional<Uint256> decode_value(ByteView answer);
std::optional<Address> decode_address(ByteView answer);

/// The first topics of the registry's events.
Bytes32 worker_registered_topic();
Bytes32 peer_assigned_topic();
Bytes32 epoch_reported_topic();

} // namespace kaisar
