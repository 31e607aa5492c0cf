#include "payments/sender.h"
#include "scripted_node.h"

#include <catch2/catch.hpp>
#include <filesystem>

using namespace kaisar;

namespace {

/// A chain, an account and a journal on disk; a new Sender is what a new process would see.
struct Scene {
    Scene() {
        static int number = 0;
        folder = std::filesystem::temp_directory_path() / fmt::format("kaisar-sender-{}-{}", ::getpid(), ++number);
        std::filesystem::create_directories(folder);
    }
    ~Scene() { std::filesystem::remove_all(folder); }

    Sender process() { return Sender(chain, account, folder / "transactions.json", policy); }

    std::filesystem::path folder;
    ScriptedNode node;
    StillClock clock;
    Account account = *Account::from_private_key(Bytes(32, 7));
    ChainClient chain{{.transport = node,
                       .clock = clock,
                       .nodes = parse_nodes("http://127.0.0.1:1"),
                       .chain_id = 3338,
                       .timeout = std::chrono::seconds(1),
                       .stop = {}}};
    PaymentPolicy policy{.confirmations = 3};
    PaymentIntent intent{
        .purpose = "a payment", .to = parse_address(std::string(40, '1')), .value = Uint256(5), .data = {}};
};

void submit(Scene& scene, Sender& sender) {
    sender.submit(scene.intent, quote_payment(scene.chain, scene.account.address(), scene.intent));
}

} // namespace

TEST_CASE("a payment is written down before it is sent, and the next process sends the very same bytes") {
    Scene scene;
    {
        auto sender = scene.process();
        const auto quote = quote_payment(scene.chain, scene.account.address(), scene.intent);
        scene.node.fault = ScriptedNode::Fault::unsent;
        CHECK_THROWS_AS(sender.submit(scene.intent, quote), Error);
    }
    scene.node.fault = ScriptedNode::Fault::none;
    auto again = scene.process();
    const auto* found = again.find_unfinished("a payment");
    REQUIRE(found != nullptr);
    const auto encoded = found->attempts.back().encoded;
    CHECK(scene.node.sent.empty());
    again.look_after("a payment");
    REQUIRE(scene.node.sent.size() == 1);
    CHECK(scene.node.sent[0] == encoded);
}

TEST_CASE("a payment whose answer was lost is found on the chain and not sent again") {
    Scene scene;
    {
        auto sender = scene.process();
        const auto quote = quote_payment(scene.chain, scene.account.address(), scene.intent);
        scene.node.fault = ScriptedNode::Fault::lost_answer;
        CHECK_THROWS_AS(sender.submit(scene.intent, quote), Error);
    }
    scene.node.fault = ScriptedNode::Fault::none;
    const auto sent = scene.node.sent.size();
    for (int i = 0; i < 3; ++i) scene.node.mine();
    auto again = scene.process();
    CHECK(again.look_after("a payment").state == PaymentState::confirmed);
    CHECK(scene.node.sent.size() == sent);
    again.mark_reported("a payment");
    CHECK(scene.process().find_unfinished("a payment") == nullptr);
}

TEST_CASE("a payment is final only when it is as deep as the policy asks") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    for (int depth = 1; depth <= 3; ++depth) {
        CHECK(sender.look_after("a payment").state == PaymentState::open);
        scene.node.mine();
    }
    CHECK(sender.look_after("a payment").state == PaymentState::confirmed);
}

TEST_CASE("a reorganisation that drops the payment has it sent again, not paid again") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    scene.node.mine();
    CHECK(sender.look_after("a payment").block_number == 101);
    scene.node.mined.clear();
    scene.node.nonce = 0;
    ++scene.node.fork;
    CHECK(sender.look_after("a payment").block_number == 0);
    REQUIRE(scene.node.sent.size() == 2);
    CHECK(scene.node.sent[0] == scene.node.sent[1]);
}

TEST_CASE("a receipt of a block that the chain gave up does not count") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    scene.node.mine();
    sender.look_after("a payment");
    for (int i = 0; i < 5; ++i) scene.node.mine();
    // The node still shows the old receipt, but the block at that height is another one now.
    ++scene.node.fork;
    CHECK(sender.look_after("a payment").state == PaymentState::open);
    CHECK(sender.payments()[0].block_number == 0);
    --scene.node.fork;
    CHECK(sender.look_after("a payment").state == PaymentState::confirmed);
}

TEST_CASE("when the base fee outruns the offer, the same nonce is offered more, up to the limit") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    const auto first = sender.payments()[0].attempts[0];
    scene.node.base_fee = 3000;
    sender.look_after("a payment");
    REQUIRE(sender.payments()[0].attempts.size() == 2);
    const auto second = sender.payments()[0].attempts[1];
    CHECK(second.max_fee_per_gas >= Uint256(6000));
    CHECK(scene.process().payments()[0].attempts.size() == 2);
    scene.node.base_fee = 1'000'000;
    for (int i = 0; i < 10; ++i) sender.look_after("a payment");
    const auto& attempts = sender.payments()[0].attempts;
    CHECK(attempts.back().max_fee_per_gas == first.max_fee_per_gas * 10);
    for (const auto& attempt : attempts) CHECK(attempt.max_fee_per_gas <= first.max_fee_per_gas * 10);
    // Whichever of them gets into a block is the payment.
    scene.node.waiting = {first.hash};
    for (int i = 0; i < 3; ++i) scene.node.mine();
    const auto& settled = sender.look_after("a payment");
    CHECK(settled.state == PaymentState::confirmed);
    CHECK(settled.transaction_hash == first.hash);
}

std::string listed(const Bytes32& hash, const Address& from, std::uint64_t nonce) {
    return fmt::format(R"({{"hash":"{}","from":"{}","nonce":"0x{:x}"}})", encode_hex_prefixed(hash),
                       format_address(from), nonce);
}

TEST_CASE("a nonce that another transaction used up means nothing was paid, once that is final") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    scene.node.waiting.clear();
    scene.node.nonce = 1;
    CHECK(sender.look_after("a payment").state == PaymentState::open);
    scene.node.waiting.clear();
    scene.node.final_nonce = 1;
    scene.node.nonce_used = 71;
    scene.node.listed[71] = listed(Bytes32{1}, *parse_address(std::string(40, '2')), 0) + "," +
                            listed(Bytes32{2}, scene.account.address(), 0);
    const auto& payment = sender.look_after("a payment");
    CHECK(payment.state == PaymentState::replaced);
    CHECK_THROWS_AS(sender.require_confirmed(payment), Error);
}

TEST_CASE("a payment whose receipt is not there yet although its nonce is used up is not taken for replaced") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    const auto hash = sender.payments()[0].attempts[0].hash;
    scene.node.final_nonce = 1;
    scene.node.nonce_used = GENERATE(98u, 97u, 64u, 1u);
    SECTION("its block has it") { scene.node.listed[scene.node.nonce_used] = listed(hash, scene.account.address(), 0); }
    SECTION("the node's state is ahead of its blocks") {}
    SECTION("the block has another transaction of the account, and others' with that nonce") {
        scene.node.listed[scene.node.nonce_used] = listed(Bytes32{1}, *parse_address(std::string(40, '2')), 0) + "," +
                                                   listed(Bytes32{2}, scene.account.address(), 1);
    }
    CHECK(sender.look_after("a payment").state == PaymentState::open);
    for (int i = 0; i < 3; ++i) scene.node.mine();
    CHECK(sender.look_after("a payment").state == PaymentState::confirmed);
}

TEST_CASE("a node that cannot show the states before proves nothing about a payment of this hour, and enough later") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    scene.node.waiting.clear();
    scene.node.final_nonce = 1;
    scene.node.nonce_used = 40;
    scene.node.oldest_state = 60;
    CHECK(sender.look_after("a payment").state == PaymentState::open);
    scene.clock.sleep_until(scene.clock.now() + std::chrono::hours(2), {});
    CHECK(sender.look_after("a payment").state == PaymentState::replaced);
}

TEST_CASE("payments for different purposes follow each other, and an earlier one that was dropped is sent as well") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    scene.intent.purpose = "another";
    submit(scene, sender);
    CHECK(sender.payments()[0].nonce == 0);
    CHECK(sender.payments()[1].nonce == 1);
    scene.node.waiting.clear();
    scene.node.sent.clear();
    sender.look_after("another");
    CHECK(scene.node.sent.size() == 2);
}

TEST_CASE("waiting ends at the deadline with the transaction's name, and can be gone on with") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    try {
        sender.wait_for("a payment", scene.clock.now() + std::chrono::seconds(10));
        FAIL("it never got into a block");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::network);
        CHECK(error.message().find(encode_hex(sender.payments()[0].attempts[0].hash)) != std::string::npos);
    }
    CHECK(sender.find_unfinished("a payment") != nullptr);
}

TEST_CASE("who waits for confirmations is told how many are there and how long a block takes") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    scene.node.mine();
    scene.node.mine();
    std::string message;
    try {
        sender.wait_for("a payment", scene.clock.now());
    } catch (const Error& error) {
        message = error.message();
    }
    CHECK_THAT(message, Catch::EndsWith("in block 101, which is not deep enough yet: 2 of 3, and a block takes 1.0 s "
                                        "here"));
}

TEST_CASE("a node of another chain, of garbage or of silence is passed over for one that is right") {
    Scene scene;
    ChainClient elsewhere({.transport = scene.node,
                           .clock = scene.clock,
                           .nodes = parse_nodes("http://127.0.0.1:1"),
                           .chain_id = 1,
                           .timeout = std::chrono::seconds(1),
                           .stop = {}});
    try {
        elsewhere.latest_block();
        FAIL("the node is of another chain");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::mismatch);
        CHECK(error.message().find("3338") != std::string::npos);
    }
    for (const auto fault : {ScriptedNode::Fault::silent, ScriptedNode::Fault::garbage}) {
        scene.node.fault = fault;
        scene.node.asked = 0;
        CHECK_THROWS_AS(scene.chain.latest_block(), Error);
        CHECK(scene.node.asked == 3);
    }
}

TEST_CASE("a journal survives its text, and a damaged one is refused") {
    Scene scene;
    auto sender = scene.process();
    submit(scene, sender);
    const auto text = encode_journal(sender.payments());
    CHECK(decode_journal(text, "journal") == sender.payments());
    auto changed = text;
    const auto at = changed.find("\"encoded\": \"0x") + 20;
    changed[at] = changed[at] == '0' ? '1' : '0';
    CHECK_THROWS_AS(decode_journal(changed, "journal"), Error);
    CHECK_THROWS_AS(decode_journal("{}", "journal"), Error);
}
