#include "bytes/hex.h"
#include "registry/abi.h"
#include "registry/registry.h"
#include "registry/revert.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace kaisar;

namespace {

Bytes words(std::initializer_list<std::uint64_t> values) {
    Bytes bytes;
    for (const auto value : values) append(bytes, Uint256(value).word());
    return bytes;
}

Bytes revert_data(std::string_view signature, const Bytes& arguments) {
    Bytes data;
    append(data, abi_selector(signature));
    append(data, arguments);
    return data;
}

} // namespace

TEST_CASE("answers that are too short, point outside themselves or hold too large numbers are no answers") {
    const auto whole = AbiWriter()
                           .put(Bytes32{1})
                           .put(Uint256(5))
                           .put(Uint256(6))
                           .put(Bytes32{2})
                           .put(Bytes32{3})
                           .put(Uint256(7))
                           .put_bytes(bytes_of("https://peer.example"))
                           .encode();
    const auto worker = decode_worker(whole);
    REQUIRE(worker);
    CHECK(worker->issued_at == 5);
    CHECK(worker->endpoint == "https://peer.example");
    for (std::size_t size = 0; size < 8 * 32 + 20; ++size) CHECK_FALSE(decode_worker(ByteView(whole).first(size)));
    auto wide = whole;
    wide[32] = 1; // issuedAt beyond 64 bits
    CHECK_FALSE(decode_worker(wide));
    auto outside = whole;
    outside[6 * 32 + 30] = 0x7f; // the endpoint's offset
    CHECK_FALSE(decode_worker(outside));
    auto endless = whole;
    endless[7 * 32] = 0xff; // its length
    CHECK_FALSE(decode_worker(endless));
    CHECK_FALSE(decode_value(words({1, 2})));
    CHECK_FALSE(decode_address(Bytes(32, 1)));
}

TEST_CASE("each reason of the contracts is said in words, with its value") {
    CHECK(explain_revert(revert_data("BindingExpired(uint64)", words({1'700'000'000}))).message ==
          "the binding expired at 2023-11-14T22:13:20Z");
    CHECK(explain_revert(revert_data("EpochNotOver(uint64)", words({42}))).message ==
          "epoch 42 is not over by the chain's clock");
    const auto poor = explain_revert(
        revert_data("InsufficientBalance(uint256,uint256)", words({1'500'000'000'000'000'000, 2'000'000'000})));
    CHECK(poor.name == "InsufficientBalance");
    CHECK(poor.message == "the account has only 1.5 of the reward token");
    CHECK_FALSE(poor.hint.empty());
}

TEST_CASE("every error of the artefact has its words") {
    std::ifstream artefact(KAISAR_SOURCE_FOLDER "/lib/registry/contracts/artefact.json");
    const std::string text{std::istreambuf_iterator<char>(artefact), {}};
    std::size_t errors = 0;
    for (auto at = text.find("\"type\": \"error\""); at != std::string::npos;
         at = text.find("\"type\": \"error\"", at + 1)) {
        // The name stands before the type, the inputs' types before the name.
        const auto name_at = text.rfind("\"name\": \"", at) + 9;
        const auto name = text.substr(name_at, text.find('"', name_at) - name_at);
        const auto begin = text.rfind("\"inputs\"", at);
        std::string signature = name + "(";
        for (auto type = text.find("\"type\": \"", begin); type < name_at; type = text.find("\"type\": \"", type + 1)) {
            const auto value = text.substr(type + 9, text.find('"', type + 9) - type - 9);
            signature += (signature.ends_with('(') ? "" : ",") + value;
        }
        CAPTURE(signature);
        CHECK(explain_revert(revert_data(signature + ")", words({1, 2}))).name == name);
        ++errors;
    }
    CHECK(errors == 25);
}

TEST_CASE("reasons that are nobody's, and Solidity's own, are told as far as they can be") {
    CHECK(explain_revert({}).message == "the contract refused without a reason");
    CHECK(explain_revert(Bytes{1, 2, 3, 4}).message == "the contract refused: 0x01020304");
    const auto spoken = AbiWriter().put_bytes(bytes_of("no\x1b[31m way")).encode();
    CHECK(explain_revert(revert_data("Error(string)", spoken)).message == "the contract refused: no?[31m way");
    CHECK(explain_revert(revert_data("Panic(uint256)", words({17}))).message.ends_with("number 17"));
}

TEST_CASE("what the runtime behind a precompile says within a sentence is told in words") {
    const auto said =
        AbiWriter()
            .put_bytes(bytes_of("Dispatched call failed with error: Module(ModuleError { index: 151, error: "
                                "[5, 0, 0, 0], message: Some(\"AttributeAuthorizationFailed\") })"))
            .encode();
    const auto told = explain_revert(revert_data("Error(string)", said));
    CHECK(told.name == "AttributeAuthorizationFailed");
    CHECK(told.message == "another account wrote this identity, and only that one may change it");
    CHECK_FALSE(told.hint.empty());
}

TEST_CASE("what a call claims is read back from it, and from nothing else") {
    std::vector<RewardClaim> claims(3);
    for (std::size_t i = 0; i < claims.size(); ++i) {
        claims[i].reward.amount = Uint256(10 * i + 1);
        claims[i].proof.resize(i);
    }
    const auto call = claim_call(claims);
    const auto sum = find_claimed_sum(call);
    REQUIRE(sum);
    CHECK(sum->count == 3);
    CHECK(sum->amount == Uint256(33));
    CHECK(find_claimed_sum(claim_call({}))->count == 0);
    CHECK_FALSE(find_claimed_sum({}));
    CHECK_FALSE(find_claimed_sum(report_call(1)));
    // The last claim's words must be there; its proof need not be looked at.
    for (std::size_t size = 4; size < call.size() - 4 * 32; size += 32)
        CHECK_FALSE(find_claimed_sum(ByteView(call).first(size)));
    auto endless = call;
    endless[4 + 32] = 0xff;
    CHECK_FALSE(find_claimed_sum(endless));
}

TEST_CASE("a tree of rewards proves each of them and nothing else") {
    for (std::size_t count = 0; count <= 17; ++count) {
        std::vector<Reward> rewards(count);
        for (std::size_t i = 0; i < count; ++i) {
            rewards[i].node_id[0] = static_cast<std::uint8_t>(i);
            rewards[i].micro_points = i;
        }
        share_pool(Uint256(1000), rewards);
        const auto tree = make_reward_tree(9, rewards);
        for (std::size_t i = 0; i < count; ++i) {
            RewardClaim claim{.epoch = 9, .reward = rewards[i], .proof = tree.proof_of(i)};
            CHECK(root_of(claim) == tree.root());
            claim.reward.amount = claim.reward.amount + Uint256(1);
            CHECK(root_of(claim) != tree.root());
        }
    }
    CHECK(is_zero(make_reward_tree(1, {}).root()));
}

TEST_CASE("a pool is shared to the last unit, and not at all where nobody has points") {
    std::vector<Reward> rewards(3);
    for (auto& reward : rewards) reward.micro_points = 1;
    share_pool(Uint256(100), rewards);
    CHECK(rewards[0].amount == Uint256(33));
    CHECK(rewards[1].amount == Uint256(33));
    CHECK(rewards[2].amount == Uint256(34));
    for (auto& reward : rewards) reward.micro_points = 0;
    share_pool(Uint256(100), rewards);
    CHECK(rewards[2].amount.is_zero());
}
