#include "bytes/hex.h"
#include "error/error.h"
#include "jsonrpc/json_rpc.h"
#include "json/document.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::size_t data_limit_bytes = 1 << 20;
constexpr std::size_t message_limit_bytes = 200;
constexpr std::size_t log_limit = 10'000;
constexpr std::size_t topic_limit = 4;
constexpr const char* hint = "is that the RPC address of an EVM chain? name another with --rpc";

[[noreturn]] void refuse(const std::string& what) {
    throw Error(ErrorKind::network, "the chain's node answers something else than it should: " + what, hint);
}

/// Node's words on a terminal: one line, nothing that moves the cursor.
std::string printable(std::string text) {
    text.resize(std::min(text.size(), message_limit_bytes));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

/// Any JSON value, as the field "value" of an object that JsonReader can take apart.
template <class Read>
auto read_value(std::string_view result, Read read) {
    if (result.size() > rpc_answer_limit_bytes) refuse("it is too long");
    try {
        const auto reader = JsonReader::parse(fmt::format(R"({{"value":{}}})", result), "the node's answer", hint);
        return read(reader);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::environment) throw;
        refuse(error.message());
    }
}

std::optional<std::string_view> find_hex(const Json& value) {
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    if (!text.starts_with("0x")) return std::nullopt;
    return std::string_view(text).substr(2);
}

const Json& member(const Json& object, const char* name) {
    if (!object.is_object()) refuse("an object is missing");
    const auto found = object.find(name);
    if (found == object.end()) refuse(fmt::format("\"{}\" is missing", name));
    return *found;
}

Uint256 amount_of(const Json& value, std::string_view name) {
    const auto digits = find_hex(value);
    if (!digits || digits->empty() || digits->size() > 64) refuse(fmt::format("\"{}\" is no number", name));
    const auto word = decode_hex(std::string(64 - digits->size(), '0') + std::string(*digits));
    if (!word) refuse(fmt::format("\"{}\" is no number", name));
    return Uint256::from_word(array_of<32>(*word));
}

std::uint64_t quantity_of(const Json& value, std::string_view name) {
    const auto narrow = amount_of(value, name).narrow();
    if (!narrow) refuse(fmt::format("\"{}\" is larger than 64 bits", name));
    return *narrow;
}

Bytes data_of(const Json& value, std::string_view name) {
    const auto digits = find_hex(value);
    if (!digits || digits->size() > 2 * data_limit_bytes) refuse(fmt::format("\"{}\" is no byte string", name));
    auto bytes = decode_hex(*digits);
    if (!bytes) refuse(fmt::format("\"{}\" is no byte string", name));
    return std::move(*bytes);
}

Bytes32 hash_of(const Json& value, std::string_view name) {
    const auto bytes = data_of(value, name);
    if (bytes.size() != 32) refuse(fmt::format("\"{}\" is not 32 bytes", name));
    return array_of<32>(bytes);
}

Address address_of_json(const Json& value, std::string_view name) {
    const auto bytes = data_of(value, name);
    if (bytes.size() != 20) refuse(fmt::format("\"{}\" is not 20 bytes", name));
    return {array_of<20>(bytes)};
}

RpcFailure failure_of(const Json& error) {
    RpcFailure failure;
    if (!error.is_object()) refuse("\"error\" is no object");
    if (const auto code = error.find("code"); code != error.end() && code->is_number_integer())
        failure.code = code->get<std::int64_t>();
    if (const auto message = error.find("message"); message != error.end() && message->is_string())
        failure.message = printable(message->get<std::string>());
    if (const auto data = error.find("data"); data != error.end())
        if (const auto digits = find_hex(*data); digits && digits->size() <= 2 * data_limit_bytes)
            failure.data = decode_hex(*digits);
    return failure;
}

RpcAnswer answer_of(const Json& answer) {
    if (const auto error = answer.find("error"); error != answer.end() && !error->is_null())
        return {.result = {}, .failure = failure_of(*error)};
    return {.result = member(answer, "result").dump(-1, ' ', false, Json::error_handler_t::replace), .failure = {}};
}

ChainLog log_of(const Json& log) {
    ChainLog read{.topics = {},
                  .data = data_of(member(log, "data"), "data"),
                  .transaction_hash = hash_of(member(log, "transactionHash"), "transactionHash"),
                  .block_number = quantity_of(member(log, "blockNumber"), "blockNumber")};
    const auto& topics = member(log, "topics");
    if (!topics.is_array() || topics.size() > topic_limit) refuse("\"topics\" is no list of at most four");
    for (const auto& topic : topics) read.topics.push_back(hash_of(topic, "topics"));
    return read;
}

} // namespace

std::string encode_rpc_calls(std::span<const RpcCall> calls) {
    std::string text;
    for (std::size_t i = 0; i < calls.size(); ++i)
        text += fmt::format(R"({}{{"jsonrpc":"2.0","id":{},"method":"{}","params":{}}})", i == 0 ? "" : ",", i + 1,
                            calls[i].method, calls[i].params);
    return calls.size() == 1 ? text : "[" + text + "]";
}

std::vector<RpcAnswer> decode_rpc_answers(std::string_view text, std::size_t count) {
    return read_value(text, [&](const JsonReader& reader) {
        const auto& value = reader.json().at("value");
        const auto list = value.is_array() ? value : Json::array({value});
        // A node that takes no batches answers with one failure for all.
        if (count > 1 && !value.is_array())
            return std::vector<RpcAnswer>(count, answer_of(value.is_object() ? value : Json::object()));
        if (list.size() != count) refuse(fmt::format("{} answers to {} calls", list.size(), count));
        std::vector<std::optional<RpcAnswer>> answers(count);
        for (const auto& answer : list) {
            const auto& id = member(answer, "id");
            // A node that could not read the request does not know its id.
            const std::uint64_t number = id.is_null() && count == 1 ? 1
                                         : id.is_number_unsigned()  ? id.get<std::uint64_t>()
                                                                    : 0;
            if (number < 1 || number > count || answers[number - 1]) refuse("its \"id\" is none of ours");
            answers[number - 1] = answer_of(answer);
        }
        std::vector<RpcAnswer> ordered;
        for (auto& answer : answers) ordered.push_back(std::move(*answer));
        return ordered;
    });
}

std::uint64_t decode_quantity(std::string_view result) {
    return read_value(result,
                      [](const JsonReader& reader) { return quantity_of(reader.json().at("value"), "result"); });
}

Uint256 decode_amount(std::string_view result) {
    return read_value(result, [](const JsonReader& reader) { return amount_of(reader.json().at("value"), "result"); });
}

Bytes decode_data(std::string_view result) {
    return read_value(result, [](const JsonReader& reader) { return data_of(reader.json().at("value"), "result"); });
}

Bytes32 decode_hash(std::string_view result) {
    return read_value(result, [](const JsonReader& reader) { return hash_of(reader.json().at("value"), "result"); });
}

std::optional<ChainBlock> decode_block(std::string_view result) {
    return read_value(result, [](const JsonReader& reader) -> std::optional<ChainBlock> {
        const auto& block = reader.json().at("value");
        if (block.is_null()) return std::nullopt;
        ChainBlock read{.number = quantity_of(member(block, "number"), "number"),
                        .hash = hash_of(member(block, "hash"), "hash"),
                        .timestamp = quantity_of(member(block, "timestamp"), "timestamp"),
                        .base_fee = {}};
        if (const auto fee = block.find("baseFeePerGas"); fee != block.end() && !fee->is_null())
            read.base_fee = amount_of(*fee, "baseFeePerGas");
        return read;
    });
}

std::vector<ChainTransaction> decode_block_transactions(std::string_view result) {
    return read_value(result, [](const JsonReader& reader) {
        std::vector<ChainTransaction> read;
        const auto& block = reader.json().at("value");
        if (block.is_null()) return read;
        const auto& transactions = member(block, "transactions");
        if (!transactions.is_array()) refuse("\"transactions\" is no list");
        for (const auto& transaction : transactions)
            read.push_back({.hash = hash_of(member(transaction, "hash"), "hash"),
                            .from = address_of_json(member(transaction, "from"), "from"),
                            .nonce = quantity_of(member(transaction, "nonce"), "nonce")});
        return read;
    });
}

std::optional<ChainReceipt> decode_receipt(std::string_view result) {
    return read_value(result, [](const JsonReader& reader) -> std::optional<ChainReceipt> {
        const auto& receipt = reader.json().at("value");
        if (receipt.is_null()) return std::nullopt;
        ChainReceipt read{.transaction_hash = hash_of(member(receipt, "transactionHash"), "transactionHash"),
                          .block_hash = hash_of(member(receipt, "blockHash"), "blockHash"),
                          .block_number = quantity_of(member(receipt, "blockNumber"), "blockNumber"),
                          .gas_used = quantity_of(member(receipt, "gasUsed"), "gasUsed"),
                          .gas_price = {},
                          .contract = {}};
        const auto status = quantity_of(member(receipt, "status"), "status");
        if (status > 1) refuse("\"status\" is neither 0 nor 1");
        read.execution = status == 1 ? Execution::succeeded : Execution::reverted;
        if (const auto price = receipt.find("effectiveGasPrice"); price != receipt.end() && !price->is_null())
            read.gas_price = amount_of(*price, "effectiveGasPrice");
        if (const auto contract = receipt.find("contractAddress"); contract != receipt.end() && !contract->is_null())
            read.contract = address_of_json(*contract, "contractAddress");
        return read;
    });
}

std::vector<ChainLog> decode_logs(std::string_view result) {
    return read_value(result, [](const JsonReader& reader) {
        const auto& logs = reader.json().at("value");
        if (!logs.is_array() || logs.size() > log_limit) refuse("the logs are no list, or too long a one");
        std::vector<ChainLog> read;
        for (const auto& log : logs) read.push_back(log_of(log));
        return read;
    });
}

} // namespace kaisar
