/// What was signed for a chain, written down before it is sent: nothing is paid twice, whatever happens in between.
#pragma once

#include "clock/clock.h"
#include "evm/address.h"
#include "files/files.h"
#include "transaction/transaction.h"

#include <optional>
#include <string>
#include <vector>

namespace kaisar {

/// A signed transaction; all attempts of a payment have its nonce, so at most one of them ever counts.
struct PaymentAttempt {
    Bytes encoded;
    Bytes32 hash{};
    Uint256 tip_per_gas;
    Uint256 max_fee_per_gas;
    Instant signed_at{};

    bool operator==(const PaymentAttempt&) const = default;
};

enum class PaymentState {
    open,      ///< signed, and not known to be final
    confirmed, ///< in a block that is deep enough
    reverted,  ///< as deep, but the contract refused; only the fee was paid
    replaced,  ///< another transaction of the account took its nonce: nothing was paid
};

std::string_view name_of(PaymentState state);

struct Payment {
    std::string purpose; ///< what it is for: the same purpose is not paid for again while this one is unfinished
    std::uint64_t chain_id = 0;
    Address from;
    std::uint64_t nonce = 0;
    FeeMarket market = FeeMarket::base_fee;
    std::optional<Address> to;
    Uint256 value;
    Bytes data;
    std::uint64_t gas_limit = 0;
    Instant created_at{};
    std::vector<PaymentAttempt> attempts; ///< oldest first
    PaymentState state = PaymentState::open;
    /// Of the attempt that is in a block; the rest is as its receipt says.
    Bytes32 transaction_hash{};
    std::uint64_t block_number = 0;
    std::uint64_t gas_used = 0;
    Uint256 gas_price;
    /// Its outcome was told to whoever asked for it; until then the same command finishes it instead of paying again.
    bool is_reported = false;

    bool operator==(const Payment&) const = default;
};

/// The payments of a data directory, oldest first; none when there is no file. Error(environment) when it is damaged:
/// paying on without it could pay twice.
std::vector<Payment> load_journal(const Path& path);
/// Keeps what is unfinished and the latest of the rest.
void save_journal(const Path& path, const std::vector<Payment>& payments);

/// The payment of this account for this purpose that is open, or whose outcome nobody was told.
const Payment* find_unfinished(const std::vector<Payment>& payments, std::uint64_t chain_id, const Address& from,
                               std::string_view purpose);

std::string encode_journal(const std::vector<Payment>& payments);
std::vector<Payment> decode_journal(std::string_view text, const std::string& name);

} // namespace kaisar
