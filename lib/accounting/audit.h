/// Going over everything again: proofs are verified anew, points derived anew, the ledger's chain followed from its
/// beginning.
#pragma once

#include "accounting/standing.h"
#include "checker/committee.h"

namespace kaisar::accounting {

struct AuditReport {
    std::uint64_t proofs = 0;    ///< verified again
    std::uint64_t undecided = 0; ///< still without a verdict
    std::uint64_t epochs = 0;    ///< whose points were derived again
    std::uint64_t ledger_records = 0;
    std::vector<std::string> differences; ///< one sentence each
};

/// Takes as long as the proofs took to verify the first time.
AuditReport audit_network(const network::Store& store, const Standings& standings,
                          const checker::NetworkConstants& constants, const popw::Primitives& primitives);

} // namespace kaisar::accounting
