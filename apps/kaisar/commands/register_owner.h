/// What the owner does for a registration: sign the binding, and with --pay-gas owner bring it to the chain.
#pragma once

#include "evm/binding.h"
#include "password.h"
#include "settings/network_profile.h"
#include "till.h"

namespace kaisar {

struct OwnerOptions {
    std::string binding; ///< a file that was signed on another machine
    PasswordOptions password;
    SettlementOptions settlement;
    Consent consent = Consent::to_be_asked;
};

class OwnersPart {
public:
    /// What it refers to must outlive it.
    OwnersPart(const OwnerOptions& options, const NetworkProfile& profile, const DataDirectory& directory,
               Transport& transport, Context& context)
        : options_(options), profile_(profile), directory_(directory), transport_(transport), context_(context) {}

    SignedBinding sign(const BindingRequest& request);
    /// Sends the registration from the owner's account, unless the chain has it.
    void bring_to_chain(const SignedBinding& binding);

private:
    /// The wallet is opened once: a password that came by a descriptor cannot be read again.
    Account take_account();
    void agree(const PaymentQuote& quote, std::uint64_t chain_id, const Address& owner);

    const OwnerOptions& options_;
    const NetworkProfile& profile_;
    const DataDirectory& directory_;
    Transport& transport_;
    Context& context_;
    std::optional<Account> account_;
};

} // namespace kaisar
