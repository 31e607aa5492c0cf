/// The rewards of each settled epoch as the store keeps them.
#pragma once

#include "network/store.h"
#include "registry/rewards_json.h"

namespace kaisar::network {

/// Written down in the operation that settles the epoch; epochs come in their order.
void keep_rewards(RecordWriter& records, std::uint64_t epoch, const std::vector<Reward>& rewards);

/// Nothing for an epoch that was not settled, or in which nobody had points.
std::optional<std::vector<Reward>> find_rewards(const RecordReader& records, std::uint64_t epoch);

/// The owner's rewards with their proofs from this epoch on, as many epochs as are looked through in one go; where the
/// list goes on is in next_epoch.
OwnedRewards list_rewards(const RecordReader& records, const Address& owner, std::uint64_t from_epoch);

/// Documents about an account stand under this id.
Bytes32 id_of_account(const Address& account);

} // namespace kaisar::network
