#include "register_owner.h"

#include "error/error.h"
#include "evm/binding_json.h"
#include "payments/registration.h"
#include "wallet/wallet_file.h"
#include "wallet_money.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::chrono::hours binding_validity{24 * 365};

} // namespace

Account OwnersPart::take_account() {
    if (account_) {
        Account account = std::move(*account_);
        account_.reset();
        return account;
    }
    const auto password = read_password(options_.password, context_, Purpose::unlock);
    return unlock_wallet(directory_.wallet(), password.view());
}

SignedBinding OwnersPart::sign(const BindingRequest& request) {
    if (!options_.binding.empty()) {
        const auto content = load_file(options_.binding, binding_json_limit_bytes);
        return decode_binding(text_of(content), options_.binding);
    }
    if (!find_wallet(directory_.wallet()))
        throw Error(ErrorKind::wallet, fmt::format("there is no wallet at {}", directory_.wallet().string()),
                    fmt::format("make one with kaisar wallet create, or sign {} on another machine (kaisar wallet "
                                "bind) and give --binding FILE",
                                (directory_.root() / "binding-request.json").string()));
    account_.emplace(take_account());
    const auto now = std::chrono::floor<std::chrono::seconds>(context_.clock.now()).time_since_epoch();
    const auto issued_at = static_cast<std::uint64_t>(now.count());
    const auto expires_at = static_cast<std::uint64_t>((now + std::chrono::seconds(binding_validity)).count());
    SignedBinding binding{.binding = make_binding(request, account_->address(), issued_at, expires_at)};
    binding.owner_signature = account_->sign_digest(binding_digest(binding.binding));
    return binding;
}

void OwnersPart::bring_to_chain(const SignedBinding& binding) {
    const auto place = money_place_of(profile_);
    auto chain = open_chain(place, context_, transport_);
    const auto owner = binding.binding.owner;
    const auto intent = registration_intent(*place.registry, binding);
    Till till(directory_, chain, owner, options_.settlement, context_);
    const bool is_begun = till.is_begun(intent.purpose);
    if (!is_begun && has_binding(chain, *place.registry, binding.binding))
        return context_.terminal.say("The chain has this registration already: nothing to pay");
    const auto keystore = find_wallet(directory_.wallet());
    if (!keystore || (keystore->address && *keystore->address != owner))
        throw Error(ErrorKind::wallet,
                    keystore ? fmt::format("the wallet here is {}, and the owner is {}",
                                           format_address(*keystore->address), format_address(owner))
                             : fmt::format("there is no wallet at {} to pay from", directory_.wallet().string()),
                    "leave --pay-gas out: the portal brings to the chain what the owner signed elsewhere");
    if (is_begun) context_.terminal.say("Going on with a registration that an earlier run sent");
    try {
        const auto payment = till.pay(
            intent, [&](const PaymentQuote& quote) { agree(quote, place.chain_id, owner); },
            [&] { return take_account(); });
        context_.terminal.say(fmt::format("Registered on chain {} in block {}, for a fee of {}", place.chain_id,
                                          payment.block_number, format_amount(payment.gas_price * payment.gas_used)));
        till.mark_reported(intent.purpose);
    } catch (const Error& error) {
        // The portal was asked earlier, and its transaction came first.
        if (error.kind() != ErrorKind::refused || !has_binding(chain, *place.registry, binding.binding)) throw;
    }
}

void OwnersPart::agree(const PaymentQuote& quote, std::uint64_t chain_id, const Address& owner) {
    require_consent(options_.consent,
                    fmt::format("Register this worker on chain {} from {}, for a fee of at most {}?", chain_id,
                                format_address(owner), format_amount(quote.largest_fee())),
                    context_);
}

} // namespace kaisar
