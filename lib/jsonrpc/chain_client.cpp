#include "jsonrpc/chain_client.h"

#include "bytes/hex.h"
#include "error/error.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::chrono::milliseconds first_pause{250};
constexpr int rounds = 3;
/// Nodes answer so when they are asked too often (EIP-1474).
constexpr std::int64_t limit_exceeded = -32005;
/// Several nodes refuse longer batches.
constexpr std::size_t batch_limit = 50;

std::string quantity(std::uint64_t value) { return fmt::format("0x{:x}", value); }

std::string quantity(const Uint256& value) {
    auto text = encode_hex(value.word());
    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
    return "0x" + text;
}

std::string call_object(const ContractCall& call) {
    std::string text = "{";
    if (call.from) text += fmt::format(R"("from":"{}",)", encode_hex_prefixed(call.from->bytes));
    if (call.to) text += fmt::format(R"("to":"{}",)", encode_hex_prefixed(call.to->bytes));
    if (!call.value.is_zero()) text += fmt::format(R"("value":"{}",)", quantity(call.value));
    return text + fmt::format(R"("data":"{}"}})", encode_hex_prefixed(call.data));
}

std::string nonce_params(const Address& account, std::uint64_t block_number) {
    return fmt::format(R"(["{}","{}"])", encode_hex_prefixed(account.bytes), quantity(block_number));
}

Error failure_error(std::string_view method, const RpcFailure& failure) {
    return Error(ErrorKind::network,
                 fmt::format("the chain's node refuses {}: {} ({})", method, failure.message, failure.code),
                 "try again later, or name another node with --rpc");
}

/// Nodes give reverts different codes, but only a revert has data or this word.
bool is_revert(const RpcFailure& failure) {
    return failure.data.has_value() || failure.code == 3 || failure.message.find("revert") != std::string::npos;
}

CallOutcome outcome_of(std::string_view method, RpcAnswer answer) {
    if (!answer.failure) return {.data = decode_data(answer.result)};
    if (!is_revert(*answer.failure)) throw failure_error(method, *answer.failure);
    return {.execution = Execution::reverted,
            .data = answer.failure->data.value_or(Bytes{}),
            .node_says = answer.failure->message};
}

struct Phrase {
    std::string_view text;
    SendOutcome outcome;
};

/// As geth, Nethermind, Besu, Frontier and anvil put it; there are no codes for it.
constexpr Phrase phrases[] = {
    {"already known", SendOutcome::already_known},
    {"already imported", SendOutcome::already_known},
    {"known transaction", SendOutcome::already_known},
    {"nonce too low", SendOutcome::nonce_too_low},
    {"oldnonce", SendOutcome::nonce_too_low},
    {"invalid transaction: stale", SendOutcome::nonce_too_low},
    {"replacement", SendOutcome::replaces_too_cheap},
    {"too low priority", SendOutcome::replaces_too_cheap},
    {"insufficient funds", SendOutcome::insufficient_funds},
    {"insufficient balance", SendOutcome::insufficient_funds},
    {"base fee", SendOutcome::fee_too_low},
    {"basefee", SendOutcome::fee_too_low},
    {"underpriced", SendOutcome::fee_too_low},
    {"gasprice", SendOutcome::fee_too_low},
};

std::vector<RpcAnswer> exchange(const ChainAccess& access, const Url& node, std::span<const RpcCall> calls) {
    HttpRequest request{
        .method = "POST", .authority = node.authority(), .target = {}, .headers = {}, .body = encode_rpc_calls(calls)};
    request.headers.add("Content-Type", "application/json");
    const TransportLimits limits{.timeout = access.timeout / static_cast<int>(access.nodes.size()),
                                 .body_limit_bytes = rpc_answer_limit_bytes};
    const auto response = access.transport.send(node, request, limits, access.stop);
    if (response.status != 200)
        throw Error(ErrorKind::network, fmt::format("{} answers with status {}", node.text(), response.status),
                    "is that the RPC address of an EVM chain? name another with --rpc");
    auto answers = decode_rpc_answers(response.body, calls.size());
    for (const auto& answer : answers)
        if (answer.failure && answer.failure->code == limit_exceeded)
            throw Error(ErrorKind::network, fmt::format("{} is asked too often", node.text()),
                        "try again later, or name another node with --rpc");
    return answers;
}

} // namespace

std::uint64_t fetch_chain_id(const ChainAccess& access, const Url& node) {
    const RpcCall question{"eth_chainId", "[]"};
    const auto answers = exchange(access, node, {&question, 1});
    if (answers[0].failure) throw failure_error(question.method, *answers[0].failure);
    return decode_quantity(answers[0].result);
}

std::vector<Url> parse_nodes(std::string_view text) {
    std::vector<Url> nodes;
    while (true) {
        const auto comma = text.find(',');
        const auto node = parse_url(text.substr(0, comma));
        if (!node)
            throw Error(ErrorKind::usage, fmt::format("not an RPC address: {}", text.substr(0, comma)),
                        "give http:// or https:// and the host, several between commas; no keys behind ? or before @");
        nodes.push_back(*node);
        if (comma == std::string_view::npos) return nodes;
        text.remove_prefix(comma + 1);
    }
}

ChainClient::ChainClient(ChainAccess access) : access_(std::move(access)), chain_ids_(access_.nodes.size()) {
    check(!access_.nodes.empty(), "a chain has a node");
}

bool ChainClient::is_right_chain(std::size_t node) {
    if (!chain_ids_[node]) chain_ids_[node] = fetch_chain_id(access_, access_.nodes[node]);
    return *chain_ids_[node] == access_.chain_id;
}

std::vector<RpcAnswer> ChainClient::call(std::span<const RpcCall> calls) {
    const auto deadline = access_.clock.steady_now() + access_.timeout;
    std::optional<Error> last;
    auto pause = first_pause;
    for (int round = 0;; ++round, pause *= 2) {
        std::size_t of_other_chains = 0;
        for (std::size_t turn = 0; turn < access_.nodes.size(); ++turn) {
            const auto node = (preferred_ + turn) % access_.nodes.size();
            try {
                if (!is_right_chain(node)) {
                    ++of_other_chains;
                    continue;
                }
                auto answers = exchange(access_, access_.nodes[node], calls);
                preferred_ = node;
                return answers;
            } catch (const Error& error) {
                if (error.kind() != ErrorKind::network) throw;
                last = error;
            }
        }
        if (of_other_chains == access_.nodes.size())
            throw Error(ErrorKind::mismatch,
                        fmt::format("{} is a node of chain {}, and this network is on chain {}",
                                    access_.nodes[0].text(), *chain_ids_[0], access_.chain_id),
                        "name a node of the right chain with --rpc; nothing was sent");
        if (round + 1 == rounds || access_.clock.steady_now() + pause > deadline) throw *last;
        if (!access_.clock.sleep_until(access_.clock.now() + pause, access_.stop))
            throw Error(ErrorKind::interrupted, "interrupted", "run the same command again to go on");
    }
}

std::string ChainClient::call(std::string method, std::string params) {
    const RpcCall one{std::move(method), std::move(params)};
    auto answers = call(std::span(&one, 1));
    if (answers[0].failure) throw failure_error(one.method, *answers[0].failure);
    return std::move(answers[0].result);
}

Uint256 ChainClient::balance_of(const Address& account) {
    return decode_amount(call("eth_getBalance", fmt::format(R"(["{}","latest"])", encode_hex_prefixed(account.bytes))));
}

std::uint64_t ChainClient::nonce_of(const Address& account, ChainView view) {
    return decode_quantity(
        call("eth_getTransactionCount", fmt::format(R"(["{}","{}"])", encode_hex_prefixed(account.bytes),
                                                    view == ChainView::latest ? "latest" : "pending")));
}

std::uint64_t ChainClient::nonce_at(const Address& account, std::uint64_t block_number) {
    return decode_quantity(call("eth_getTransactionCount", nonce_params(account, block_number)));
}

std::optional<std::uint64_t> ChainClient::find_nonce_block(const Address& account, std::uint64_t nonce,
                                                           std::uint64_t last) {
    const auto find_nonce_at = [&](std::uint64_t block) -> std::optional<std::uint64_t> {
        const RpcCall question{"eth_getTransactionCount", nonce_params(account, block)};
        const auto answers = call(std::span(&question, 1));
        if (answers[0].failure) return std::nullopt;
        return decode_quantity(answers[0].result);
    };
    // Doubling steps first: what is looked for is rarely long ago, and nodes forget old states.
    std::uint64_t past = last, before = last;
    for (std::uint64_t step = 1; before > 0; step *= 2) {
        before = last - std::min(step, last);
        const auto then = find_nonce_at(before);
        if (!then) return std::nullopt;
        if (*then <= nonce) break;
        past = before;
    }
    while (past - before > 1) {
        const auto middle = before + (past - before) / 2;
        const auto then = find_nonce_at(middle);
        if (!then) return std::nullopt;
        (*then > nonce ? past : before) = middle;
    }
    return past;
}

ChainBlock ChainClient::latest_block() {
    const auto block = decode_block(call("eth_getBlockByNumber", R"(["latest",false])"));
    if (!block)
        throw Error(ErrorKind::network, "the chain's node knows no latest block",
                    "it has not caught up yet; try again later, or name another with --rpc");
    return *block;
}

std::optional<ChainBlock> ChainClient::find_block(std::uint64_t number) {
    return decode_block(call("eth_getBlockByNumber", fmt::format(R"(["{}",false])", quantity(number))));
}

std::optional<double> ChainClient::measure_block_time() {
    constexpr std::uint64_t blocks_most = 100;
    const auto latest = latest_block();
    const auto blocks = std::min(latest.number, blocks_most);
    const auto earlier = blocks == 0 ? std::nullopt : find_block(latest.number - blocks);
    if (!earlier || earlier->timestamp > latest.timestamp) return std::nullopt;
    return static_cast<double>(latest.timestamp - earlier->timestamp) / static_cast<double>(blocks);
}

std::vector<ChainTransaction> ChainClient::block_transactions(std::uint64_t number) {
    return decode_block_transactions(call("eth_getBlockByNumber", fmt::format(R"(["{}",true])", quantity(number))));
}

bool ChainClient::has_code(const Address& account) {
    return !decode_data(call("eth_getCode", fmt::format(R"(["{}","latest"])", encode_hex_prefixed(account.bytes))))
                .empty();
}

Uint256 ChainClient::suggested_fee(FeeMarket market) {
    return decode_amount(call(market == FeeMarket::base_fee ? "eth_maxPriorityFeePerGas" : "eth_gasPrice", "[]"));
}

CallOutcome ChainClient::read(const ContractCall& contract_call) {
    return std::move(read_many(std::span(&contract_call, 1)).front());
}

std::vector<CallOutcome> ChainClient::read_many(std::span<const ContractCall> calls) {
    std::vector<CallOutcome> outcomes;
    for (std::size_t from = 0; from < calls.size(); from += batch_limit) {
        std::vector<RpcCall> batch;
        for (const auto& one : calls.subspan(from, std::min(batch_limit, calls.size() - from)))
            batch.push_back({"eth_call", fmt::format(R"([{},"latest"])", call_object(one))});
        for (auto& answer : call(batch)) outcomes.push_back(outcome_of("eth_call", std::move(answer)));
    }
    return outcomes;
}

CallOutcome ChainClient::estimate(const ContractCall& contract_call) {
    const RpcCall question{"eth_estimateGas", fmt::format("[{}]", call_object(contract_call))};
    auto answers = call(std::span(&question, 1));
    if (answers[0].failure) return outcome_of(question.method, std::move(answers[0]));
    return {.data = {}, .gas = decode_quantity(answers[0].result)};
}

SendAnswer ChainClient::send(ByteView signed_transaction) {
    const RpcCall question{"eth_sendRawTransaction", fmt::format(R"(["{}"])", encode_hex_prefixed(signed_transaction))};
    const auto answers = call(std::span(&question, 1));
    if (!answers[0].failure) return {};
    auto said = answers[0].failure->message;
    std::string lower(said.size(), ' ');
    std::transform(said.begin(), said.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    for (const auto& phrase : phrases)
        if (lower.find(phrase.text) != std::string::npos) return {phrase.outcome, std::move(said)};
    return {SendOutcome::refused, std::move(said)};
}

std::optional<ChainReceipt> ChainClient::find_receipt(const Bytes32& transaction_hash) {
    auto receipt = decode_receipt(
        call("eth_getTransactionReceipt", fmt::format(R"(["{}"])", encode_hex_prefixed(transaction_hash))));
    if (receipt && receipt->transaction_hash != transaction_hash)
        throw Error(ErrorKind::network, "the chain's node answers with the receipt of another transaction",
                    "name another node with --rpc");
    return receipt;
}

bool ChainClient::knows(const Bytes32& transaction_hash) {
    return call("eth_getTransactionByHash", fmt::format(R"(["{}"])", encode_hex_prefixed(transaction_hash))) != "null";
}

std::vector<ChainLog> ChainClient::logs(const Address& contract, std::span<const std::optional<Bytes32>> topics,
                                        std::uint64_t from_block) {
    std::string wanted;
    for (const auto& topic : topics)
        wanted += fmt::format("{}{}", wanted.empty() ? "" : ",",
                              topic ? fmt::format(R"("{}")", encode_hex_prefixed(*topic)) : "null");
    return decode_logs(
        call("eth_getLogs", fmt::format(R"([{{"address":"{}","topics":[{}],"fromBlock":"{}"}}])",
                                        encode_hex_prefixed(contract.bytes), wanted, quantity(from_block))));
}

} // namespace kaisar
