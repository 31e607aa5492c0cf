#include "payments/sender.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "registry/revert.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

/// Estimates are of the chain as it is; a block later the same call can take a little more. What is not used is not
/// paid.
constexpr std::uint64_t gas_margin_percent = 150;
/// A base fee rises by at most an eighth from block to block: twice is six full blocks.
constexpr std::uint64_t base_fee_margin = 2;
/// Nodes want a tenth more for a replacement, some an eighth.
constexpr std::uint64_t raise_percent = 125;
/// Nodes keep the states of some hundred blocks; none shows a receipt so much later than its block.
constexpr std::chrono::hours receipts_settle_within{1};
constexpr std::chrono::milliseconds shortest_pause{50};
constexpr std::chrono::milliseconds longest_pause{1000};

Uint256 percent_of(const Uint256& value, std::uint64_t percent) { return value * percent / 100 + Uint256(1); }

ContractCall call_of(const Address& from, const std::optional<Address>& to, const Uint256& value, const Bytes& data) {
    return {.from = from, .to = to, .value = value, .data = data};
}

Error revert_error(ByteView data, const std::string& node_says) {
    auto revert = explain_revert(data);
    if (data.empty() && !node_says.empty()) revert.message += fmt::format(" (the node says: {})", node_says);
    return Error(ErrorKind::refused,
                 revert.name.empty() ? revert.message : fmt::format("{} ({})", revert.message, revert.name),
                 revert.hint);
}

} // namespace

Sender::Sender(ChainClient& chain, const Account& account, Path journal, PaymentPolicy policy)
    : chain_(chain), account_(account), journal_(std::move(journal)), policy_(policy),
      payments_(load_journal(journal_)) {}

PaymentQuote quote_payment(ChainClient& chain, const Address& from, const PaymentIntent& intent) {
    const auto balance = chain.balance_of(from);
    const auto short_of_funds = [&](const std::string& needed) {
        return Error(ErrorKind::refused,
                     fmt::format("{} has {} and needs {} for amount and fee", format_address(from),
                                 format_amount(balance), needed),
                     "send the chain's coin to that address, or a smaller amount from it");
    };
    if (balance < intent.value) throw short_of_funds("at least " + format_amount(intent.value));
    const auto estimate = chain.estimate(call_of(from, intent.to, intent.value, intent.data));
    if (estimate.execution == Execution::reverted) throw revert_error(estimate.data, estimate.node_says);
    const auto latest = chain.latest_block();
    PaymentQuote quote{.market = latest.base_fee ? FeeMarket::base_fee : FeeMarket::legacy,
                       .gas_limit = estimate.gas * gas_margin_percent / 100,
                       .tip_per_gas = {},
                       .max_fee_per_gas = {}};
    // A plain transfer of coin takes this much exactly, and a margin would keep an account from being emptied.
    constexpr std::uint64_t plain_transfer_gas = 21'000;
    if (estimate.gas == plain_transfer_gas) quote.gas_limit = estimate.gas;
    const auto suggested = chain.suggested_fee(quote.market);
    quote.tip_per_gas = latest.base_fee ? suggested : Uint256();
    quote.max_fee_per_gas = latest.base_fee ? *latest.base_fee * base_fee_margin + suggested : suggested;
    if (balance < intent.value + quote.largest_fee())
        throw short_of_funds("up to " + format_amount(intent.value + quote.largest_fee()));
    return quote;
}

std::uint64_t Sender::next_nonce() {
    auto nonce = chain_.nonce_of(account_.address(), ChainView::pending);
    for (const auto& payment : payments_)
        if (payment.state == PaymentState::open && payment.chain_id == chain_.chain_id() &&
            payment.from == account_.address())
            nonce = std::max(nonce, payment.nonce + 1);
    return nonce;
}

void Sender::add_attempt(Payment& payment, const Uint256& tip, const Uint256& max_fee) {
    const Transaction transaction{.market = payment.market,
                                  .chain_id = payment.chain_id,
                                  .nonce = payment.nonce,
                                  .tip_per_gas = tip,
                                  .max_fee_per_gas = max_fee,
                                  .gas_limit = payment.gas_limit,
                                  .to = payment.to,
                                  .value = payment.value,
                                  .data = payment.data};
    auto encoded = encode_signed(transaction, account_.sign_digest(signing_digest(transaction)));
    const auto hash = transaction_hash(encoded);
    payment.attempts.push_back({.encoded = std::move(encoded),
                                .hash = hash,
                                .tip_per_gas = tip,
                                .max_fee_per_gas = max_fee,
                                .signed_at = std::chrono::floor<std::chrono::seconds>(chain_.clock().now())});
}

const Payment& Sender::submit(const PaymentIntent& intent, const PaymentQuote& quote) {
    check(find_unfinished(intent.purpose) == nullptr, "a purpose is paid for once");
    Payment payment{.purpose = intent.purpose,
                    .chain_id = chain_.chain_id(),
                    .from = account_.address(),
                    .nonce = next_nonce(),
                    .market = quote.market,
                    .to = intent.to,
                    .value = intent.value,
                    .data = intent.data,
                    .gas_limit = quote.gas_limit,
                    .created_at = std::chrono::floor<std::chrono::seconds>(chain_.clock().now()),
                    .attempts = {},
                    .gas_price = {}};
    add_attempt(payment, quote.tip_per_gas, quote.max_fee_per_gas);
    payments_.push_back(std::move(payment));
    save_journal(journal_, payments_);
    broadcast(payments_.back());
    return payments_.back();
}

/// A refusal is no failure yet: a copy may be in a block already, and if none ever is, look_after() finds that out.
void Sender::broadcast(const Payment& payment) {
    const auto answer = chain_.send(payment.attempts.back().encoded);
    const bool is_there = answer.outcome == SendOutcome::accepted || answer.outcome == SendOutcome::already_known;
    refusal_ = is_there ? std::string() : answer.node_says;
}

const Payment* find_unfinished(const std::vector<Payment>& payments, std::uint64_t chain_id, const Address& from,
                               std::string_view purpose) {
    const auto found = std::ranges::find_if(payments, [&](const Payment& payment) {
        return payment.purpose == purpose && payment.chain_id == chain_id && payment.from == from &&
               !payment.is_reported;
    });
    return found == payments.end() ? nullptr : &*found;
}

const Payment* Sender::find_unfinished(std::string_view purpose) const {
    return kaisar::find_unfinished(payments_, chain_.chain_id(), account_.address(), purpose);
}

Payment& Sender::unfinished(std::string_view purpose) {
    const auto* found = find_unfinished(purpose);
    check(found != nullptr, "what is looked after was submitted");
    return payments_[static_cast<std::size_t>(found - payments_.data())];
}

/// That no receipt was found is no proof: several nodes answer in turn, and one can be behind another, or a block's
/// state be there before its receipts. The proof is the other transaction.
bool Sender::is_replaced(const Payment& payment, const ChainBlock& latest) {
    if (latest.number + 1 < policy_.confirmations) return false;
    const auto final_block = latest.number + 1 - policy_.confirmations;
    if (chain_.nonce_at(payment.from, final_block) <= payment.nonce) return false;
    const auto block = chain_.find_nonce_block(payment.from, payment.nonce, final_block);
    // A node that fails says nothing. But states of long ago are forgotten by all, and by then a receipt of ours would
    // be there.
    if (!block) return chain_.clock().now() - payment.attempts.back().signed_at >= receipts_settle_within;
    const auto transactions = chain_.block_transactions(*block);
    const auto used = std::ranges::find_if(transactions, [&](const ChainTransaction& transaction) {
        return transaction.from == payment.from && transaction.nonce == payment.nonce;
    });
    return used != transactions.end() && std::ranges::none_of(payment.attempts, [&](const PaymentAttempt& attempt) {
               return attempt.hash == used->hash;
           });
}

bool Sender::try_settle(Payment& payment, const ChainBlock& latest) {
    for (const auto& attempt : payment.attempts) {
        const auto receipt = chain_.find_receipt(attempt.hash);
        if (!receipt) continue;
        // A node may still show the receipt of a block that is no longer part of the chain.
        const auto block = chain_.find_block(receipt->block_number);
        if (!block || block->hash != receipt->block_hash) continue;
        payment.transaction_hash = attempt.hash;
        payment.block_number = receipt->block_number;
        payment.gas_used = receipt->gas_used;
        payment.gas_price = receipt->gas_price;
        if (latest.number + 1 < receipt->block_number + policy_.confirmations) return true;
        payment.state = receipt->execution == Execution::succeeded ? PaymentState::confirmed : PaymentState::reverted;
        save_journal(journal_, payments_);
        return true;
    }
    payment.transaction_hash = {};
    payment.block_number = 0;
    if (!is_replaced(payment, latest)) return false;
    payment.state = PaymentState::replaced;
    save_journal(journal_, payments_);
    return true;
}

void Sender::raise_fee(Payment& payment, const ChainBlock& latest) {
    if (!latest.base_fee || payment.market != FeeMarket::base_fee) return;
    const auto& last = payment.attempts.back();
    if (*latest.base_fee <= last.max_fee_per_gas) return;
    const auto tip = percent_of(last.tip_per_gas, raise_percent);
    const auto needed =
        std::max(percent_of(last.max_fee_per_gas, raise_percent), *latest.base_fee * base_fee_margin + tip);
    const auto limit = payment.attempts.front().max_fee_per_gas * policy_.largest_raise;
    const auto raised = std::min(needed, limit);
    if (raised < percent_of(last.max_fee_per_gas, raise_percent)) return;
    add_attempt(payment, tip, raised);
    save_journal(journal_, payments_);
}

void Sender::tend(Payment& payment, const ChainBlock& latest) {
    if (try_settle(payment, latest)) return;
    raise_fee(payment, latest);
    if (!chain_.knows(payment.attempts.back().hash)) broadcast(payment);
}

const Payment& Sender::look_after(std::string_view purpose) {
    auto& wanted = unfinished(purpose);
    if (wanted.state != PaymentState::open) return wanted;
    const auto latest = chain_.latest_block();
    // Those with an earlier nonce as well: while one of them is missing, none behind it gets into a block.
    for (auto& payment : payments_)
        if (payment.state == PaymentState::open && payment.chain_id == wanted.chain_id && payment.from == wanted.from &&
            payment.nonce <= wanted.nonce)
            tend(payment, latest);
    return wanted;
}

/// How long it will take is measured, for chains are configured, and change.
Error Sender::make_waiting_error(const Payment& payment) {
    auto where = std::string("not in a block yet");
    if (payment.block_number != 0) {
        const auto next = chain_.latest_block().number + 1;
        const auto depth = next - std::min(next, payment.block_number);
        where = fmt::format("in block {}, which is not deep enough yet: {} of {}", payment.block_number, depth,
                            policy_.confirmations);
        if (const auto seconds = chain_.measure_block_time())
            where += fmt::format(", and a block takes {:.1f} s here", *seconds);
    }
    return Error(ErrorKind::network,
                 fmt::format("transaction {} is {}{}", encode_hex_prefixed(payment.attempts.back().hash), where,
                             refusal_.empty() ? "" : fmt::format(" (the node says: {})", refusal_)),
                 "run the same command again: it goes on with this transaction and pays nothing twice");
}

const Payment& Sender::wait_for(std::string_view purpose, Instant deadline) {
    auto pause = shortest_pause;
    while (true) {
        const auto& payment = look_after(purpose);
        if (payment.state != PaymentState::open) return payment;
        const auto now = chain_.clock().now();
        if (now >= deadline) throw make_waiting_error(payment);
        if (!chain_.clock().sleep_until(std::min(now + pause, deadline), chain_.stop()))
            throw Error(ErrorKind::interrupted, "interrupted",
                        "run the same command again: it goes on with this transaction");
        pause = std::min(pause * 2, longest_pause);
    }
}

void Sender::mark_reported(std::string_view purpose) {
    unfinished(purpose).is_reported = true;
    save_journal(journal_, payments_);
}

void Sender::require_confirmed(const Payment& payment) {
    if (payment.state == PaymentState::replaced)
        throw Error(ErrorKind::network,
                    fmt::format("another transaction of {} took the place of this one (nonce {}): nothing was paid",
                                format_address(payment.from), payment.nonce),
                    "if that was not you, move the account's funds; else run the command again");
    if (payment.state != PaymentState::reverted) return;
    // The receipt has no reason, but the same call still has one.
    const auto again = chain_.read(call_of(payment.from, payment.to, payment.value, payment.data));
    if (again.execution == Execution::reverted) throw revert_error(again.data, again.node_says);
    throw Error(ErrorKind::refused,
                fmt::format("transaction {} was refused in its block; only its fee was paid",
                            encode_hex_prefixed(payment.transaction_hash)),
                "what it depends on changed meanwhile: run the command again");
}

} // namespace kaisar
