#include "payments/funds.h"

#include "error/error.h"
#include "registry/registry.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

Error no_registry(const Address& registry) {
    return Error(ErrorKind::mismatch, fmt::format("there is no registry at {}", format_address(registry)),
                 "compare the network's profile with the operator's; a chain that was begun anew has a new registry");
}

ContractCall question(const Address& to, Bytes data) {
    return {.from = {}, .to = to, .value = {}, .data = std::move(data)};
}

} // namespace

Address fetch_token(ChainClient& chain, const Address& registry) {
    const auto answer = chain.read(question(registry, registry_getter("token")));
    const auto token = answer.execution == Execution::succeeded ? decode_address(answer.data) : std::nullopt;
    if (!token) throw no_registry(registry);
    return *token;
}

Funds fetch_funds(ChainClient& chain, const std::optional<Address>& registry, const Address& account) {
    Funds funds{.coin = chain.balance_of(account), .reward = {}};
    if (!registry) return funds;
    const auto answer = chain.read(question(fetch_token(chain, *registry), token_balance_call(account)));
    funds.reward = decode_value(answer.data);
    if (answer.execution != Execution::succeeded || !funds.reward) throw no_registry(*registry);
    return funds;
}

std::vector<RewardClaim> select_payable(ChainClient& chain, const Address& registry,
                                        const std::vector<RewardClaim>& claims) {
    std::vector<ContractCall> questions;
    for (const auto& claim : claims) {
        questions.push_back(question(registry, report_call(claim.epoch)));
        questions.push_back(question(registry, is_claimed_call(claim.epoch, claim.reward.node_id)));
    }
    const auto answers = chain.read_many(questions);
    std::vector<RewardClaim> payable;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const auto report = decode_report(answers[2 * i].data);
        const auto is_claimed = decode_value(answers[2 * i + 1].data);
        if (!report || !is_claimed) throw no_registry(registry);
        // The portal knows of the report before the chain has it.
        if (is_zero(report->rewards_root) || !is_claimed->is_zero() || claims[i].reward.amount.is_zero()) continue;
        if (root_of(claims[i]) != report->rewards_root)
            throw Error(ErrorKind::mismatch,
                        fmt::format("the portal's proof for epoch {} does not lead to the report on the chain",
                                    claims[i].epoch),
                        "nothing was sent; tell the network's operator");
        payable.push_back(claims[i]);
    }
    return payable;
}

Uint256 sum_of(const std::vector<RewardClaim>& claims) {
    Uint256 sum;
    for (const auto& claim : claims) sum = sum + claim.reward.amount;
    return sum;
}

} // namespace kaisar
