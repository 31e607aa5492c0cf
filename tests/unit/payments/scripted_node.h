/// A node of a chain that exists in memory only: blocks when the test says so, and faults on demand.
#pragma once

#include "bytes/hex.h"
#include "error/error.h"
#include "http/transport.h"
#include "jsonrpc/chain_client.h"

#include <fmt/format.h>
#include <map>
#include <vector>

namespace kaisar {

class StillClock final : public Clock {
public:
    Instant now() const override { return now_; }
    std::chrono::steady_clock::time_point steady_now() const override {
        return std::chrono::steady_clock::time_point(now_.time_since_epoch());
    }
    bool sleep_until(Instant deadline, std::stop_token) const override {
        now_ = std::max(now_, deadline);
        return true;
    }

private:
    mutable Instant now_{std::chrono::seconds(1'700'000'000)};
};

class ScriptedNode final : public Transport {
public:
    enum class Fault { none, silent, garbage, unsent, lost_answer };

    std::uint64_t chain_id = 3338;
    std::uint64_t base_fee = 1000;
    std::uint64_t head = 100;
    std::uint64_t nonce = 0;       ///< of the account, in the latest block
    std::uint64_t final_nonce = 0; ///< of the account, in older ones from `nonce_used` on; zero before
    std::uint64_t nonce_used = 0;
    std::uint64_t oldest_state = 0;              ///< the states of blocks before are forgotten
    std::map<std::uint64_t, std::string> listed; ///< the transactions of a block, as JSON
    unsigned fork = 0;                           ///< part of each block's hash
    Fault fault = Fault::none;
    std::vector<Bytes> sent;
    std::vector<Bytes32> waiting;
    std::map<Bytes32, std::pair<std::uint64_t, unsigned>> mined; ///< into which block of which fork
    unsigned asked = 0;

    HttpResponse send(const Url&, const HttpRequest& request, const TransportLimits&, const std::stop_token&) override {
        ++asked;
        if (fault == Fault::silent) throw Error(ErrorKind::network, "no answer");
        if (fault == Fault::garbage) return {.status = 200, .headers = {}, .body = "<html>"};
        const bool is_sending = request.body.find("eth_sendRaw") != std::string::npos;
        if (is_sending && fault == Fault::unsent) throw Error(ErrorKind::network, "the connection broke");
        const auto result = answer(request.body);
        if (is_sending && fault == Fault::lost_answer) throw Error(ErrorKind::network, "the answer was lost");
        return {.status = 200, .headers = {}, .body = fmt::format(R"({{"id":1,{}}})", result)};
    }

    /// Puts what waits into a block.
    void mine() {
        ++head;
        for (const auto& hash : waiting) mined[hash] = {head, fork};
        nonce += waiting.empty() ? 0 : 1;
        waiting.clear();
    }

private:
    static std::string quote(const std::string& text) { return fmt::format(R"("result":"{}")", text); }

    static std::string block_hash(std::uint64_t number, unsigned fork) {
        return fmt::format("0x{:062x}{:02x}", number, fork);
    }

    std::string block(std::uint64_t number) const {
        if (number > head) return R"("result":null)";
        return fmt::format(
            R"("result":{{"number":"0x{:x}","hash":"{}","timestamp":"0x{:x}","baseFeePerGas":"0x{:x}"}})", number,
            block_hash(number, fork), number, base_fee);
    }

    std::string answer(const std::string& body) {
        const auto asks = [&](const char* method) { return body.find(method) != std::string::npos; };
        const auto parameter = body.substr(body.find("\"params\":[\"") + 11);
        const auto word = parameter.substr(0, parameter.find('"'));
        if (asks("eth_chainId")) return quote(fmt::format("0x{:x}", chain_id));
        if (asks("eth_getBalance")) return quote("0xde0b6b3a7640000");
        if (asks("eth_estimateGas")) return quote("0xc350");
        if (asks("eth_maxPriority")) return quote("0xa");
        if (asks("eth_getTransactionCount")) {
            if (asks("latest")) return quote(fmt::format("0x{:x}", nonce));
            if (asks("pending")) return quote(fmt::format("0x{:x}", nonce + waiting.size()));
            const auto number = std::stoull(parameter.substr(parameter.find(',') + 4), nullptr, 16);
            if (number < oldest_state) return R"("error":{"code":-32000,"message":"missing trie node"})";
            return quote(fmt::format("0x{:x}", number >= nonce_used ? final_nonce : 0));
        }
        if (asks("eth_getBlockByNumber") && asks("true"))
            return fmt::format(R"("result":{{"transactions":[{}]}})", listed[std::stoull(word.substr(2), nullptr, 16)]);
        if (asks("eth_getBlockByNumber"))
            return block(word == "latest" ? head : std::stoull(word.substr(2), nullptr, 16));
        if (asks("eth_sendRawTransaction")) return take(*decode_hex(word));
        const auto hash = decode_hex_array<32>(word);
        if (asks("eth_getTransactionByHash"))
            return std::find(waiting.begin(), waiting.end(), *hash) != waiting.end() || mined.contains(*hash)
                       ? R"("result":{})"
                       : R"("result":null)";
        if (asks("eth_getTransactionReceipt")) return receipt(*hash);
        return R"("error":{"code":-32601,"message":"method not found"})";
    }

    std::string take(const Bytes& raw) {
        const auto hash = transaction_hash(raw);
        sent.push_back(raw);
        if (std::find(waiting.begin(), waiting.end(), hash) != waiting.end() || mined.contains(hash))
            return R"("error":{"code":-32000,"message":"already known"})";
        waiting.push_back(hash);
        return quote(encode_hex_prefixed(hash));
    }

    std::string receipt(const Bytes32& hash) const {
        const auto found = mined.find(hash);
        if (found == mined.end()) return R"("result":null)";
        return fmt::format(
            R"("result":{{"transactionHash":"{}","blockHash":"{}","blockNumber":"0x{:x}","status":"0x1",)"
            R"("gasUsed":"0x5208","effectiveGasPrice":"0x7"}})",
            encode_hex_prefixed(hash), block_hash(found->second.first, found->second.second), found->second.first);
    }
};

} // namespace kaisar
