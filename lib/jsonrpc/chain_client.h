/// An EVM chain by way of its nodes: several addresses for one chain, whose id is checked before anything is believed.
#pragma once

#include "clock/clock.h"
#include "http/transport.h"
#include "jsonrpc/json_rpc.h"
#include "transaction/transaction.h"

#include <stop_token>

namespace kaisar {

/// How a chain is reached.
struct ChainAccess {
    Transport& transport;
    const Clock& clock;
    std::vector<Url> nodes; ///< tried in this order
    std::uint64_t chain_id = 0;
    std::chrono::milliseconds timeout; ///< for an answer, other nodes and further attempts included
    std::stop_token stop;
};

/// The id of the chain that the node is of, as it says itself.
std::uint64_t fetch_chain_id(const ChainAccess& access, const Url& node);

/// One address or several between commas; Error(usage) for what is none.
std::vector<Url> parse_nodes(std::string_view text);

struct ContractCall {
    std::optional<Address> from;
    std::optional<Address> to; ///< nothing: makes a contract
    Uint256 value;
    Bytes data;
};

/// What a call answers, or would.
struct CallOutcome {
    Execution execution = Execution::succeeded;
    Bytes data;                 ///< the answer, or what it reverted with
    std::uint64_t gas = 0;      ///< of an estimate
    std::string node_says = {}; ///< with a revert
};

enum class SendOutcome {
    accepted,
    already_known,
    nonce_too_low,      ///< a transaction with this nonce is in a block
    replaces_too_cheap, ///< another one waits with this nonce, and ours does not pay enough more
    fee_too_low,        ///< less than the chain takes at present
    insufficient_funds,
    refused,
};

struct SendAnswer {
    SendOutcome outcome = SendOutcome::accepted;
    std::string node_says;
};

/// Which state of the chain is asked for.
enum class ChainView { latest, pending };

class ChainClient {
public:
    explicit ChainClient(ChainAccess access);

    /// Passing faults are tried again, with the next node if there is one, until the time is up: Error(network). When
    /// all nodes are of another chain: Error(mismatch).
    std::vector<RpcAnswer> call(std::span<const RpcCall> calls);
    /// The result of one call; a failure is Error(network).
    std::string call(std::string method, std::string params);

    Uint256 balance_of(const Address& account);
    std::uint64_t nonce_of(const Address& account, ChainView view);
    /// The nonce that the account had in that block.
    std::uint64_t nonce_at(const Address& account, std::uint64_t block_number);
    /// The block in which the account used up this nonce, looked for backwards from one whose state is past it; nothing
    /// where the nodes do not know states so old, or cannot say.
    std::optional<std::uint64_t> find_nonce_block(const Address& account, std::uint64_t nonce, std::uint64_t last);
    ChainBlock latest_block();
    std::optional<ChainBlock> find_block(std::uint64_t number);
    /// Seconds from block to block, of the last hundred or as many as there are; nothing on a chain of one block.
    std::optional<double> measure_block_time();
    std::vector<ChainTransaction> block_transactions(std::uint64_t number);
    bool has_code(const Address& account);
    /// What the node thinks fair above the base fee; with `legacy` the whole gas price.
    Uint256 suggested_fee(FeeMarket market);
    CallOutcome read(const ContractCall& contract_call);
    std::vector<CallOutcome> read_many(std::span<const ContractCall> calls);
    CallOutcome estimate(const ContractCall& contract_call);
    SendAnswer send(ByteView signed_transaction);
    std::optional<ChainReceipt> find_receipt(const Bytes32& transaction_hash);
    /// Whether the chain's nodes know it, waiting or in a block.
    bool knows(const Bytes32& transaction_hash);
    /// Logs of a contract with these first topics; an empty one stands for any.
    std::vector<ChainLog> logs(const Address& contract, std::span<const std::optional<Bytes32>> topics,
                               std::uint64_t from_block);

    std::uint64_t chain_id() const { return access_.chain_id; }
    const Clock& clock() const { return access_.clock; }
    const std::stop_token& stop() const { return access_.stop; }

private:
    bool is_right_chain(std::size_t node);

    ChainAccess access_;
    std::vector<std::optional<std::uint64_t>> chain_ids_; ///< as the nodes answered
    std::size_t preferred_ = 0;
};

} // namespace kaisar
