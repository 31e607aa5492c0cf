#include "ledger/reward_book.h"

#include "bytes/hex.h"
#include "evm/word.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace kaisar::network {
namespace {

constexpr std::string_view first_kind = "rewards-first";
constexpr std::string_view last_kind = "rewards-last";
constexpr std::uint64_t epochs_a_page = 500;
constexpr std::size_t claims_a_page = 200;

std::string rewards_kind(std::uint64_t epoch) { return fmt::format("rewards/{}", epoch); }

std::optional<std::uint64_t> find_number(const RecordReader& records, std::string_view kind) {
    const auto text = records.find_document(network_wide, kind);
    return text ? std::optional<std::uint64_t>(std::strtoull(text->c_str(), nullptr, 10)) : std::nullopt;
}

} // namespace

void keep_rewards(RecordWriter& records, std::uint64_t epoch, const std::vector<Reward>& rewards) {
    if (std::ranges::all_of(rewards, [](const Reward& reward) { return reward.amount.is_zero(); })) return;
    records.put_document(network_wide, rewards_kind(epoch), encode_rewards(rewards));
    if (!find_number(records, first_kind)) records.put_document(network_wide, first_kind, std::to_string(epoch));
    records.put_document(network_wide, last_kind, std::to_string(epoch));
}

std::optional<std::vector<Reward>> find_rewards(const RecordReader& records, std::uint64_t epoch) {
    const auto text = records.find_document(network_wide, rewards_kind(epoch));
    return text ? std::optional(decode_rewards(*text)) : std::nullopt;
}

OwnedRewards list_rewards(const RecordReader& records, const Address& owner, std::uint64_t from_epoch) {
    OwnedRewards owned{.owner = owner, .claims = {}, .next_epoch = {}, .balance = {}};
    const auto first = find_number(records, first_kind);
    const auto last = find_number(records, last_kind);
    if (!first || !last) return owned;
    auto epoch = std::max(from_epoch, *first);
    const auto page_begin = epoch;
    for (; epoch <= *last; ++epoch) {
        if (epoch - page_begin == epochs_a_page || owned.claims.size() >= claims_a_page) {
            owned.next_epoch = epoch;
            break;
        }
        const auto rewards = find_rewards(records, epoch);
        if (!rewards || std::ranges::find(*rewards, owner, &Reward::owner) == rewards->end()) continue;
        const auto tree = make_reward_tree(epoch, *rewards);
        for (std::size_t i = 0; i < rewards->size(); ++i)
            if ((*rewards)[i].owner == owner && !(*rewards)[i].amount.is_zero())
                owned.claims.push_back({.epoch = epoch, .reward = (*rewards)[i], .proof = tree.proof_of(i)});
    }
    return owned;
}

Bytes32 id_of_account(const Address& account) { return word_of(account); }

} // namespace kaisar::network
