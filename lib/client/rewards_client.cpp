#include "client/rewards_client.h"

#include "protocol/portal_messages_json.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

/// A list that never ends is none: so many pages are more than a year of epochs.
constexpr unsigned page_limit = 1000;

std::string exchange(const Connection& connection, const Url& portal, std::string_view method, std::string target) {
    HttpRequest request{.method = std::string(method),
                        .authority = portal.authority(),
                        .target = std::move(target),
                        .headers = {},
                        .body = {}};
    auto response = connection.transport.send(
        portal, request, {.timeout = connection.timeout, .body_limit_bytes = rewards_json_limit_bytes},
        connection.stop);
    if (response.status == 200) return std::move(response.body);
    const bool is_passing = response.status == 429 || response.status >= 500;
    const auto failure =
        decode_answer([](std::string_view text) { return decode_portal_failure(text); }, response.body);
    throw Error(is_passing ? ErrorKind::network : ErrorKind::refused,
                fmt::format("{}: {} ({})", portal.text(), failure.message, failure.code), failure.hint);
}

} // namespace

OwnedRewards fetch_rewards(const Connection& connection, const Url& portal, const Address& owner) {
    OwnedRewards all{.owner = owner, .claims = {}, .next_epoch = {}, .balance = {}};
    std::uint64_t from = 0;
    for (unsigned page = 0; page < page_limit; ++page) {
        auto rewards = decode_answer(
            [](std::string_view text) { return decode_owned_rewards(text); },
            exchange(connection, portal, "GET", fmt::format("/v1/rewards/{}?from={}", format_address(owner), from)));
        all.balance = rewards.balance;
        for (auto& claim : rewards.claims)
            if (claim.reward.owner == owner) all.claims.push_back(std::move(claim));
        if (!rewards.next_epoch || *rewards.next_epoch <= from) break;
        from = *rewards.next_epoch;
    }
    return all;
}

PaidRewards submit_claim(const Connection& connection, const Url& portal, const Address& owner) {
    return decode_answer([](std::string_view text) { return decode_paid_rewards(text); },
                         exchange(connection, portal, "POST", fmt::format("/v1/rewards/{}", format_address(owner))));
}

} // namespace kaisar
