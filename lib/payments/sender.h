/// Sending transactions so that each purpose is paid for once: journal first, then the chain; looked up before it is
/// sent again; replaced only by an attempt with the same nonce; final only when it is deep enough.
#pragma once

#include "error/error.h"
#include "jsonrpc/chain_client.h"
#include "payments/journal.h"
#include "wallet/account.h"

namespace kaisar {

/// What somebody wants done on the chain.
struct PaymentIntent {
    std::string purpose;
    std::optional<Address> to; ///< nothing: makes a contract
    Uint256 value;
    Bytes data;
};

/// What it will cost at most, as the chain is now.
struct PaymentQuote {
    FeeMarket market = FeeMarket::base_fee;
    std::uint64_t gas_limit = 0;
    Uint256 tip_per_gas;
    Uint256 max_fee_per_gas;

    Uint256 largest_fee() const { return max_fee_per_gas * gas_limit; }
};

struct PaymentPolicy {
    /// Blocks that a transaction must be deep, its own included, to be final. Seven are what peaq advises.
    std::uint64_t confirmations = 7;
    /// When the base fee rises above what was offered, up to so many times the first offer is offered instead.
    std::uint64_t largest_raise = 10;
};

/// Error(refused) in the contract's words when it would revert, or when the account cannot pay for it. Signs nothing.
PaymentQuote quote_payment(ChainClient& chain, const Address& from, const PaymentIntent& intent);

class Sender {
public:
    /// All of them must outlive the sender. Whoever has one holds the lock of the journal.
    Sender(ChainClient& chain, const Account& account, Path journal, PaymentPolicy policy);

    /// Signs, writes down, sends, as long as there is no unfinished one for this purpose.
    const Payment& submit(const PaymentIntent& intent, const PaymentQuote& quote);
    /// The payment for this purpose that is open, or whose outcome nobody was told.
    const Payment* find_unfinished(std::string_view purpose) const;
    /// Looks at the chain once and does what is due: sends again what was dropped, replaces what is too cheap, settles
    /// what is final.
    const Payment& look_after(std::string_view purpose);
    /// Looks after it until it is final; Error(network) at the deadline, and then the next run goes on with it.
    const Payment& wait_for(std::string_view purpose, Instant deadline);
    /// The outcome was told.
    void mark_reported(std::string_view purpose);

    /// Error(refused) with the reason for a payment that is not confirmed.
    void require_confirmed(const Payment& payment);

    const std::vector<Payment>& payments() const { return payments_; }

private:
    Payment& unfinished(std::string_view purpose);
    std::uint64_t next_nonce();
    void add_attempt(Payment& payment, const Uint256& tip, const Uint256& max_fee);
    void broadcast(const Payment& payment);
    bool try_settle(Payment& payment, const ChainBlock& latest);
    bool is_replaced(const Payment& payment, const ChainBlock& latest);
    void tend(Payment& payment, const ChainBlock& latest);
    Error make_waiting_error(const Payment& payment);
    void raise_fee(Payment& payment, const ChainBlock& latest);

    ChainClient& chain_;
    const Account& account_;
    Path journal_;
    PaymentPolicy policy_;
    std::vector<Payment> payments_;
    std::string refusal_; ///< what the node said to the last attempt, unless it took it
};

} // namespace kaisar
