/// What the subcommands of `kaisar wallet` that look at or move money share: which chain, which account, what came of
/// it.
#pragma once

#include "network.h"
#include "payments/sender.h"
#include "till.h"
#include "wallet.h"
#include "wallet/keystore.h"

#include <optional>

namespace kaisar {

/// The ledger that this run is about.
struct MoneyPlace {
    std::optional<NetworkProfile> profile;
    std::vector<Url> nodes = {}; ///< none: the ledger is embedded in the portal
    std::uint64_t chain_id = 0;
    std::optional<Address> registry;
};

MoneyPlace money_place_of(const NetworkProfile& profile);
/// --rpc and --chain-id, else the network's profile.
MoneyPlace find_money_place(const ChainOptions& options, Context& context, Transport& transport);

ChainClient open_chain(const MoneyPlace& place, const Context& context, Transport& transport);
/// Error(refused) where the ledger is embedded.
void require_chain(const MoneyPlace& place);

/// The address in the wallet's file.
Address address_of_wallet(const Keystore& keystore, const PasswordOptions& password, Context& context);

/// What is shown of a payment, or of one that would be made.
struct MoneyReport {
    std::string_view action;
    std::optional<Address> address;
    std::uint64_t chain_id = 0;
    std::optional<Uint256> coin;
    std::optional<Uint256> reward;
    std::optional<Uint256> claimable;
    std::optional<std::size_t> claims;
    std::optional<Address> to;
    std::string_view asset;
    std::optional<Uint256> amount;
    std::optional<Uint256> largest_fee;
    std::optional<Uint256> fee;
    std::vector<Bytes32> transactions;
    std::optional<std::uint64_t> block_number;
    std::optional<bool> is_resumed;
    std::optional<bool> is_dry_run;
    std::string did;
    std::string_view identity; ///< what became of it: "added"
    std::string out;
};

MoneyReport report_of(std::string_view action, const MoneyPlace& place, const Address& address);
void print_report(const MoneyReport& report, const std::string& text, Context& context);

/// `kaisar.wallet/1`.
std::string money_json(const MoneyReport& report);

} // namespace kaisar
