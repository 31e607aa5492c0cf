/// JSON-RPC as EVM nodes speak it: calls as text, answers taken apart with limits. What nodes say is not to be trusted:
/// whatever is not as it should be is Error(network).
#pragma once

#include "bytes/bytes.h"
#include "evm/address.h"
#include "transaction/uint256.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kaisar {

/// A longer answer is refused; a batch of a few hundred receipts fits.
inline constexpr std::size_t rpc_answer_limit_bytes = 16 << 20;

struct RpcCall {
    std::string method;
    std::string params; ///< a JSON array
};

struct RpcFailure {
    std::int64_t code = 0;
    std::string message;
    std::optional<Bytes> data; ///< of a revert
};

struct RpcAnswer {
    std::string result; ///< JSON text; empty with a failure
    std::optional<RpcFailure> failure;
};

/// One call as an object, several as a batch; ids count from 1.
std::string encode_rpc_calls(std::span<const RpcCall> calls);

/// The answers in the order of the calls, whatever the order they came in.
std::vector<RpcAnswer> decode_rpc_answers(std::string_view text, std::size_t count);

struct ChainBlock {
    std::uint64_t number = 0;
    Bytes32 hash{};
    std::uint64_t timestamp = 0;
    std::optional<Uint256> base_fee;
};

enum class Execution { succeeded, reverted };

struct ChainReceipt {
    Bytes32 transaction_hash{};
    Bytes32 block_hash{};
    std::uint64_t block_number = 0;
    Execution execution = Execution::succeeded;
    std::uint64_t gas_used = 0;
    Uint256 gas_price;
    std::optional<Address> contract;
};

struct ChainLog {
    std::vector<Bytes32> topics;
    Bytes data;
    Bytes32 transaction_hash{};
    std::uint64_t block_number = 0;
};

/// A transaction as a block lists it.
struct ChainTransaction {
    Bytes32 hash{};
    Address from;
    std::uint64_t nonce = 0;
};

std::uint64_t decode_quantity(std::string_view result);
Uint256 decode_amount(std::string_view result);
Bytes decode_data(std::string_view result);
Bytes32 decode_hash(std::string_view result);
/// Nothing for null.
std::optional<ChainBlock> decode_block(std::string_view result);
/// Of a block that was asked for with its transactions; none for null.
std::vector<ChainTransaction> decode_block_transactions(std::string_view result);
std::optional<ChainReceipt> decode_receipt(std::string_view result);
std::vector<ChainLog> decode_logs(std::string_view result);

} // namespace kaisar
