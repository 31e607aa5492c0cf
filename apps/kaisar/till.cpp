#include "till.h"

#include "error/error.h"

#include <CLI/CLI.hpp>

namespace kaisar {
namespace {

/// At most one process pays from a data directory: two would sign with the same nonce.
FileLock lock_payments(const DataDirectory& directory) {
    auto lock = FileLock::try_acquire(directory.transactions_lock());
    if (!lock)
        throw Error(ErrorKind::environment, "another kaisar is paying from " + directory.root().string(),
                    "wait for it to end");
    return std::move(*lock);
}

} // namespace

void add_settlement_options(CLI::App& command, SettlementOptions& options) {
    command.add_option("--confirmations", options.confirmations, "How many blocks deep a transaction must be")
        ->type_name("N")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    command.add_option("--wait", options.wait_s, "How long to wait for that, in seconds; the next run goes on")
        ->type_name("S")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
}

Till::Till(const DataDirectory& directory, ChainClient& chain, const Address& from, const SettlementOptions& options,
           Context& context)
    : directory_(directory), chain_(chain), from_(from), options_(options), context_(context),
      lock_(lock_payments(directory)) {}

bool Till::is_begun(std::string_view purpose) const {
    return find_unfinished(load_journal(directory_.transactions()), chain_.chain_id(), from_, purpose) != nullptr;
}

Sender& Till::open(const std::function<Account()>& unlock) {
    if (!sender_) {
        account_.emplace(unlock());
        sender_.emplace(chain_, *account_, directory_.transactions(),
                        PaymentPolicy{.confirmations = options_.confirmations});
    }
    return *sender_;
}

Payment Till::pay(const PaymentIntent& intent, const std::function<void(const PaymentQuote&)>& agrees,
                  const std::function<Account()>& unlock) {
    if (is_begun(intent.purpose)) {
        open(unlock);
        return settle(intent.purpose);
    }
    const auto quoted = quote(intent);
    agrees(quoted);
    open(unlock).submit(intent, quoted);
    return settle(intent.purpose);
}

Payment Till::settle(std::string_view purpose) {
    check(sender_.has_value(), "what is settled was submitted");
    const auto deadline =
        context_.clock.now() + std::chrono::milliseconds(static_cast<std::int64_t>(options_.wait_s * 1000));
    // A copy: the journal grows under a reference.
    auto payment = sender_->wait_for(purpose, deadline);
    if (payment.state != PaymentState::confirmed) {
        sender_->mark_reported(purpose);
        sender_->require_confirmed(payment);
    }
    return payment;
}

void Till::mark_reported(std::string_view purpose) { sender_->mark_reported(purpose); }

void require_consent(Consent consent, const std::string& question, Context& context) {
    if (consent == Consent::given) return;
    if (!context.terminal.can_ask())
        throw Error(ErrorKind::usage, "nobody is here to confirm the payment",
                    "look at it with --dry-run, then run again with --yes");
    if (!context.terminal.confirm(question))
        throw Error(ErrorKind::interrupted, "the payment was declined; nothing was sent", "");
}

} // namespace kaisar
