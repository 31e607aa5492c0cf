// Encodes what the lines on stdin ask for, one answer a line, so that test_encodings.mjs can compare it with ethers'.
#include "bytes/hex.h"
#include "error/error.h"
#include "registry/registry.h"
#include "transaction/transaction.h"

#include <cstdio>
#include <iostream>
#include <sstream>

using namespace kaisar;

namespace {

struct Words {
    std::istringstream line;

    std::string text() {
        std::string word;
        line >> word;
        return word == "-" ? "" : word;
    }
    Bytes bytes() { return decode_hex(text()).value(); }
    Bytes32 word() { return array_of<32>(bytes()); }
    Uint256 amount() { return parse_decimal(text()).value(); }
    std::uint64_t number() { return amount().narrow().value(); }
    std::optional<Address> find_address() { return parse_address(text()); }
};

Bytes encode_transaction(Words& words) {
    Transaction transaction;
    transaction.market = words.text() == "legacy" ? FeeMarket::legacy : FeeMarket::base_fee;
    transaction.chain_id = words.number();
    transaction.nonce = words.number();
    transaction.tip_per_gas = words.amount();
    transaction.max_fee_per_gas = words.amount();
    transaction.gas_limit = words.number();
    transaction.to = words.find_address();
    transaction.value = words.amount();
    transaction.data = words.bytes();
    const auto key = Secp256k1Key::from_scalar(words.bytes());
    return encode_signed(transaction, key->sign_digest(signing_digest(transaction)));
}

Bytes encode_register(Words& words) {
    SignedBinding binding;
    binding.binding.node_id = words.word();
    binding.binding.node_public_key = words.word();
    binding.binding.inventory_hash = words.word();
    binding.binding.owner = words.find_address().value();
    binding.binding.issued_at = words.number();
    binding.binding.expires_at = words.number();
    binding.owner_signature = array_of<65>(words.bytes());
    return register_call(binding);
}

/// The rewards of an epoch: their shares, their root, and the call that claims all of them.
std::string encode_rewards(Words& words) {
    const auto epoch = words.number();
    const auto pool = words.amount();
    std::vector<Reward> rewards(words.number());
    for (auto& reward : rewards) {
        reward.node_id = words.word();
        reward.owner = words.find_address().value();
        reward.micro_points = words.number();
    }
    share_pool(pool, rewards);
    const auto tree = make_reward_tree(epoch, rewards);
    std::vector<RewardClaim> claims;
    std::string answer;
    for (std::size_t i = 0; i < rewards.size(); ++i) {
        claims.push_back({.epoch = epoch, .reward = rewards[i], .proof = tree.proof_of(i)});
        check(root_of(claims.back()) == tree.root(), "a claim leads to the root");
        answer += format_decimal(rewards[i].amount) + " ";
    }
    return answer + encode_hex_prefixed(tree.root()) + " " + encode_hex_prefixed(claim_call(claims));
}

Bytes encode_report(Words& words) {
    const auto epoch = words.number();
    RegistryReport report{.rewards_root = words.word(), .verdicts_root = words.word(), .points_digest = words.word()};
    report.micro_points = words.number();
    report.pool = words.amount();
    return report_epoch_call(epoch, report);
}

std::string encode(Words& words) {
    const auto what = words.text();
    if (what == "transaction") return encode_hex_prefixed(encode_transaction(words));
    if (what == "register") return encode_hex_prefixed(encode_register(words));
    if (what == "rewards") return encode_rewards(words);
    if (what == "report") return encode_hex_prefixed(encode_report(words));
    if (what == "peer") {
        const auto key = words.word();
        return encode_hex_prefixed(add_peer_call(key, words.text()));
    }
    if (what == "contract") {
        const auto creator = words.find_address().value();
        return format_address(contract_address(creator, words.number()));
    }
    check(what == "deployment", "the line asks for something that is known here");
    const auto account = words.find_address().value();
    const auto seconds = words.number();
    return encode_hex_prefixed(registry_deployment(account, seconds, words.amount()));
}

} // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        Words words{std::istringstream(line)};
        std::printf("%s\n", encode(words).c_str());
    }
}
