/// Asking a portal about an owner's rewards. They are no secret, so nothing is signed; what is paid is checked on the
/// chain.
#pragma once

#include "client/portal_client.h"
#include "registry/rewards_json.h"

namespace kaisar {

/// All of the owner's rewards that the portal lists.
OwnedRewards fetch_rewards(const Connection& connection, const Url& portal, const Address& owner);

/// Has the embedded ledger pay the owner what it is owed.
PaidRewards submit_claim(const Connection& connection, const Url& portal, const Address& owner);

} // namespace kaisar
