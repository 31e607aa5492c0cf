/// Paying from a data directory: consent, the journal, the chain; what an earlier run began is gone on with.
#pragma once

#include "command.h"
#include "payments/sender.h"
#include "settings/data_directory.h"

#include <functional>
#include <optional>

namespace kaisar {

/// How sure, and how long to wait for it.
struct SettlementOptions {
    std::uint64_t confirmations = 7;
    double wait_s = 120;
};

/// Adds --confirmations and --wait.
void add_settlement_options(CLI::App& command, SettlementOptions& options);

class Till {
public:
    /// What it refers to must outlive it. Error(environment) while another run pays from this directory.
    Till(const DataDirectory& directory, ChainClient& chain, const Address& from, const SettlementOptions& options,
         Context& context);

    /// Whether an earlier run began this payment.
    bool is_begun(std::string_view purpose) const;
    PaymentQuote quote(const PaymentIntent& intent) { return quote_payment(chain_, from_, intent); }

    /// Makes the payment, or sees through the one that was begun, and gives it once it is confirmed. `unlock` opens the
    /// account, after `agrees` to the fee at most; a payment that was begun was agreed to.
    Payment pay(const PaymentIntent& intent, const std::function<void(const PaymentQuote&)>& agrees,
                const std::function<Account()>& unlock);
    /// The outcome was told: the same words are a new payment from now on.
    void mark_reported(std::string_view purpose);

    /// For payments that are chosen as they are made.
    Sender& open(const std::function<Account()>& unlock);
    /// Waits for one that was submitted; one that came to nothing is told of by its error.
    Payment settle(std::string_view purpose);

private:
    const DataDirectory& directory_;
    ChainClient& chain_;
    Address from_;
    SettlementOptions options_;
    Context& context_;
    FileLock lock_;
    std::optional<Account> account_;
    std::optional<Sender> sender_;
};

/// Asks a person unless `--yes` was given; Error(usage) where nobody can be asked.
enum class Consent { given, to_be_asked };
void require_consent(Consent consent, const std::string& question, Context& context);

} // namespace kaisar
