#include "bytes/hex.h"
#include "error/error.h"
#include "jsonrpc/json_rpc.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

template <class Decode>
bool is_refused(Decode decode) {
    try {
        decode();
    } catch (const Error& error) {
        return error.kind() == ErrorKind::network;
    }
    return false;
}

const std::string hash = "0x" + std::string(64, 'a');

} // namespace

TEST_CASE("one call is an object, several are a batch with ids") {
    const RpcCall one[] = {{"eth_chainId", "[]"}};
    CHECK(encode_rpc_calls(one) == R"({"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]})");
    const RpcCall two[] = {{"a", "[1]"}, {"b", "[]"}};
    CHECK(encode_rpc_calls(two) == R"([{"jsonrpc":"2.0","id":1,"method":"a","params":[1]},)"
                                   R"({"jsonrpc":"2.0","id":2,"method":"b","params":[]}])");
}

TEST_CASE("answers of a batch are put in the order of the calls") {
    const auto answers =
        decode_rpc_answers(R"([{"id":2,"error":{"code":3,"message":"execution reverted","data":"0x0102"}},)"
                           R"({"id":1,"result":"0x7"}])",
                           2);
    CHECK(decode_quantity(answers[0].result) == 7);
    REQUIRE(answers[1].failure);
    CHECK(answers[1].failure->code == 3);
    CHECK(answers[1].failure->data == Bytes{1, 2});
}

TEST_CASE("a node that takes no batches fails all of its calls") {
    const auto answers = decode_rpc_answers(R"({"id":null,"error":{"code":-32600,"message":"no\nbatch"}})", 2);
    REQUIRE(answers.size() == 2);
    CHECK(answers[1].failure->message == "no?batch");
}

TEST_CASE("answers that are none are the network's fault") {
    for (const std::string text :
         {"", "<html>", "[]", "{}", "1", "null", R"({"id":1})", R"({"id":2,"result":1})", R"({"id":"1","result":1})",
          R"([{"id":1,"result":1},{"id":1,"result":1}])", R"({"id":1,"error":"no"})", R"({"id":1,"result":1}})",
          R"({"id":1,"result":1},"value":2)"}) {
        CAPTURE(text);
        CHECK(is_refused([&] { decode_rpc_answers(text, 1); }));
    }
    CHECK(is_refused([] { decode_rpc_answers(R"([{"id":1,"result":1},{"id":1,"result":1}])", 2); }));
    CHECK(is_refused([] { decode_rpc_answers(R"([{"id":1,"result":1}])", 2); }));
    CHECK(is_refused([] { decode_rpc_answers(std::string(rpc_answer_limit_bytes + 1, ' '), 1); }));
}

TEST_CASE("numbers and byte strings have the one form that nodes use") {
    CHECK(decode_quantity("\"0x0\"") == 0);
    CHECK(decode_quantity("\"0xffffffffffffffff\"") == UINT64_MAX);
    CHECK(decode_amount("\"0x" + std::string(64, 'f') + "\"") == Uint256::max());
    CHECK(decode_data("\"0x\"").empty());
    for (const std::string text : {"7", "\"7\"", "\"0x\"", "\"0x1ffffffffffffffff\"", "\"0xg\"", "null", "[]", "{}"})
        CHECK(is_refused([&] { decode_quantity(text); }));
    CHECK(is_refused([] { decode_amount("\"0x1" + std::string(64, '0') + "\""); }));
    for (const std::string text : {"\"0x1\"", "\"01\"", "null", "\"0x0g\""})
        CHECK(is_refused([&] { decode_data(text); }));
    CHECK(is_refused([] { decode_hash("\"0x01\""); }));
}

TEST_CASE("receipts, blocks and logs are read, and null is not there yet") {
    CHECK_FALSE(decode_receipt("null"));
    CHECK_FALSE(decode_block("null"));
    const auto receipt = decode_receipt(R"({"transactionHash":")" + hash + R"(","blockHash":")" + hash +
                                        R"(","blockNumber":"0x10","status":"0x0","gasUsed":"0x5208",)"
                                        R"("effectiveGasPrice":"0x3b9aca00","contractAddress":null})");
    REQUIRE(receipt);
    CHECK(receipt->execution == Execution::reverted);
    CHECK(receipt->gas_used == 21000);
    const auto block =
        decode_block(R"({"number":"0x10","hash":")" + hash + R"(","timestamp":"0x5","baseFeePerGas":"0x7"})");
    REQUIRE(block);
    CHECK(block->base_fee == Uint256(7));
    const auto logs = decode_logs(R"([{"topics":[")" + hash + R"("],"data":"0x01","transactionHash":")" + hash +
                                  R"(","blockNumber":"0x2"}])");
    REQUIRE(logs.size() == 1);
    CHECK(logs[0].topics.size() == 1);
    CHECK(is_refused([] { decode_receipt(R"({"status":"0x1"})"); }));
    CHECK(is_refused([] { decode_block("[]"); }));
    CHECK(is_refused([] { decode_logs(R"([{"topics":[1,2,3,4,5]}])"); }));
}
