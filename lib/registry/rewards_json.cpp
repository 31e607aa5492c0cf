#include "registry/rewards_json.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "json/document.h"

namespace kaisar {
namespace {

constexpr std::string_view owned_schema = "kaisar.rewards/1";
constexpr std::string_view paid_schema = "kaisar.paid-rewards/1";
constexpr std::size_t proof_limit = 64;

Uint256 get_amount(const JsonReader& reader, std::string_view field) {
    const auto value = parse_decimal(reader.string(field));
    if (!value) reader.refuse(field, "a decimal number of at most 256 bits");
    return *value;
}

Address get_address(const JsonReader& reader, std::string_view field) {
    const auto address = parse_address(reader.string(field));
    if (!address) reader.refuse(field, "an EVM address");
    return *address;
}

Json reward_to_json(const Reward& reward) {
    return {{"node_id", encode_hex_prefixed(reward.node_id)},
            {"owner", format_address(reward.owner)},
            {"micro_points", reward.micro_points},
            {"amount", format_decimal(reward.amount)}};
}

Reward reward_from_json(const JsonReader& reader) {
    return {.node_id = reader.bytes32("node_id"),
            .owner = get_address(reader, "owner"),
            .micro_points = reader.unsigned_integer("micro_points"),
            .amount = get_amount(reader, "amount")};
}

RewardClaim claim_from_json(const JsonReader& reader) {
    RewardClaim claim{.epoch = reader.unsigned_integer("epoch"), .reward = reward_from_json(reader), .proof = {}};
    for (const auto& text : reader.strings("proof")) {
        const auto hash = decode_hex_array<32>(text);
        if (!hash || claim.proof.size() == proof_limit) reader.refuse("proof", "at most 64 hashes of 32 bytes");
        claim.proof.push_back(*hash);
    }
    return claim;
}

JsonReader parse_answer(std::string_view text, std::string_view schema) {
    if (text.size() > rewards_json_limit_bytes) text = {}; // not JSON at all then, and said so
    auto reader = JsonReader::parse(text, "the portal's answer about rewards");
    if (reader.string("schema") != schema) reader.refuse("schema", schema);
    return reader;
}

} // namespace

std::string encode_owned_rewards(const OwnedRewards& rewards) {
    Json claims = Json::array();
    for (const auto& claim : rewards.claims) {
        Json proof = Json::array();
        for (const auto& hash : claim.proof) proof.push_back(encode_hex_prefixed(hash));
        auto json = reward_to_json(claim.reward);
        json["epoch"] = claim.epoch;
        json["proof"] = std::move(proof);
        claims.push_back(std::move(json));
    }
    Json json = {{"schema", owned_schema}, {"owner", format_address(rewards.owner)}, {"claims", claims}};
    if (rewards.next_epoch) json["next_epoch"] = *rewards.next_epoch;
    if (rewards.balance) json["balance"] = format_decimal(*rewards.balance);
    return to_line(json);
}

OwnedRewards decode_owned_rewards(std::string_view text) {
    const auto reader = parse_answer(text, owned_schema);
    OwnedRewards rewards{.owner = get_address(reader, "owner"),
                         .claims = {},
                         .next_epoch = reader.find_unsigned_integer("next_epoch"),
                         .balance = {}};
    for (const auto& claim : reader.objects("claims")) rewards.claims.push_back(claim_from_json(claim));
    if (reader.has("balance")) rewards.balance = get_amount(reader, "balance");
    return rewards;
}

std::string encode_paid_rewards(const PaidRewards& paid) {
    return to_line({{"schema", paid_schema},
                    {"count", paid.count},
                    {"amount", format_decimal(paid.amount)},
                    {"transaction_hash", encode_hex_prefixed(paid.transaction_hash)}});
}

PaidRewards decode_paid_rewards(std::string_view text) {
    const auto reader = parse_answer(text, paid_schema);
    return {.count = reader.unsigned_integer("count"),
            .amount = get_amount(reader, "amount"),
            .transaction_hash = reader.bytes32("transaction_hash")};
}

std::string encode_rewards(const std::vector<Reward>& rewards) {
    Json list = Json::array();
    for (const auto& reward : rewards) list.push_back(reward_to_json(reward));
    return to_line({{"rewards", list}});
}

std::vector<Reward> decode_rewards(std::string_view text) {
    const auto reader = JsonReader::parse(text, "the stored rewards", "restore the store from a backup");
    std::vector<Reward> rewards;
    for (const auto& reward : reader.objects("rewards")) rewards.push_back(reward_from_json(reward));
    return rewards;
}

} // namespace kaisar
