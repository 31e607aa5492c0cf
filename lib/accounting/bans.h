/// Telling the chain which checkers are banned: what the committees of this network go by, for everybody else.
#pragma once

#include "checker/committee.h"
#include "ledger/chain.h"

namespace kaisar::accounting {

/// Reports every ban that is in force and final. A vote that a planted proof may still clear does not count yet: the
/// chain takes no ban back.
void report_bans(const network::Store& store, network::Chain& chain, const checker::NetworkConstants& constants,
                 Instant now);

} // namespace kaisar::accounting
