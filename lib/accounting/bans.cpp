#include "accounting/bans.h"

#include "checker/discipline.h"
#include "popw_rules/messages.h"

namespace kaisar::accounting {

void report_bans(const network::Store& store, network::Chain& chain, const checker::NetworkConstants& constants,
                 Instant now) {
    // Planted proofs are reviewed in the slot after the last one could have come in; a vote is cast after its slot
    // began.
    const auto reviewed = now - constants.params.proof_deadline - 2 * constants.params.slot;
    std::vector<std::pair<Bytes32, Instant>> bans;
    store.read([&](const network::RecordReader& records) {
        for (const auto& key : constants.checker_keys)
            if (const auto until = checker::banned_until(records.wrong_votes(popw::id_of_key(key)), reviewed))
                bans.emplace_back(key, *until);
    });
    for (const auto& [key, until] : bans) chain.ban_checker(key, until);
}

} // namespace kaisar::accounting
