/// balance, send, claim: what the wallet has, gives away and is owed.
#include "wallet_money.h"

#include "bytes/hex.h"
#include "client/rewards_client.h"
#include "error/error.h"
#include "payments/funds.h"
#include "registry/registry.h"
#include "wallet/wallet_file.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::string_view evm_prefix = "evm:";
/// A claim takes 55,000 gas and a block holds at least 8 million.
constexpr std::size_t claims_a_transaction = 50;

Address parse_account(std::string_view option, const std::string& text) {
    const auto address = parse_address(text);
    if (!address)
        throw Error(ErrorKind::usage, fmt::format("{}: \"{:.80}\" is not an EVM address", option, text),
                    "an address is 0x and 40 hexadecimal digits; letters of both cases must spell its EIP-55 checksum");
    return *address;
}

PaymentIntent intent_of(const SendOptions& options, const Address& to, const Uint256& amount, ChainClient& chain,
                        const MoneyPlace& place) {
    // The amount itself, not as it was typed: 1.5 and 1.50 are one payment.
    PaymentIntent intent{.purpose =
                             fmt::format("send {} {} to {}", format_amount(amount), options.asset, format_address(to)),
                         .to = to,
                         .value = amount,
                         .data = {}};
    if (options.asset == "coin") return intent;
    if (!place.registry)
        throw Error(ErrorKind::usage, "--asset reward: no registry is known for this chain",
                    "name it with --registry ADDRESS, or the network with --network");
    intent.to = fetch_token(chain, *place.registry);
    intent.value = Uint256();
    intent.data = token_transfer_call(to, amount);
    return intent;
}

int claim_embedded(const ClaimOptions& options, const MoneyPlace& place, const Address& owner, Transport& transport,
                   Context& context) {
    const auto connection = make_connection(context, transport);
    const auto portal = require_portal_url(place.profile->portal_url);
    auto report = report_of("claim", place, owner);
    PaidRewards paid;
    if (options.dry_run) {
        const auto owed = fetch_rewards(connection, portal, owner);
        paid = {.count = owed.claims.size(), .amount = sum_of(owed.claims)};
        report.is_dry_run = true;
    } else {
        paid = submit_claim(connection, portal, owner);
        if (!is_zero(paid.transaction_hash)) report.transactions = {paid.transaction_hash};
    }
    report.claims = paid.count;
    report.amount = paid.amount;
    print_report(report,
                 fmt::format("{} {} in {} rewards to {}", options.dry_run ? "would claim" : "claimed",
                             format_amount(paid.amount), paid.count, format_address(owner)),
                 context);
    return 0;
}

/// Claims what is payable, some at a time, each written down before it is sent.
struct Claiming {
    Till& till;
    Sender& sender;
    const MoneyPlace& place;
    Context& context;
    MoneyReport report;

    void take(const std::string& purpose, const ClaimedSum& claimed) {
        const auto payment = till.settle(purpose);
        report.transactions.push_back(payment.transaction_hash);
        report.block_number = payment.block_number;
        report.fee = report.fee.value_or(Uint256()) + payment.gas_price * payment.gas_used;
        report.amount = *report.amount + claimed.amount;
        report.claims = *report.claims + claimed.count;
        till.mark_reported(purpose);
    }

    /// What an earlier run sent and did not live to see.
    void resume() {
        std::vector<std::pair<std::string, ClaimedSum>> begun;
        for (const auto& payment : sender.payments())
            if (const auto claimed = find_claimed_sum(payment.data);
                claimed && payment.to == place.registry && sender.find_unfinished(payment.purpose) == &payment)
                begun.emplace_back(payment.purpose, *claimed);
        for (const auto& [purpose, claimed] : begun) {
            report.is_resumed = true;
            take(purpose, claimed);
        }
    }

    void pay(const std::vector<RewardClaim>& claims) {
        for (std::size_t from = 0; from < claims.size(); from += claims_a_transaction) {
            const std::vector<RewardClaim> some(
                claims.begin() + static_cast<std::ptrdiff_t>(from),
                claims.begin() + static_cast<std::ptrdiff_t>(std::min(from + claims_a_transaction, claims.size())));
            const ClaimedSum claimed{.count = some.size(), .amount = sum_of(some)};
            const PaymentIntent intent{.purpose =
                                           fmt::format("claim {} in {} rewards from {} on",
                                                       format_amount(claimed.amount), claimed.count, some[0].epoch),
                                       .to = *place.registry,
                                       .value = {},
                                       .data = claim_call(some)};
            sender.submit(intent, till.quote(intent));
            context.terminal.say(
                fmt::format("claiming {} in {} rewards", format_amount(claimed.amount), claimed.count));
            take(intent.purpose, claimed);
        }
    }
};

std::vector<RewardClaim> fetch_payable(ChainClient& chain, const MoneyPlace& place, const Address& owner,
                                       Transport& transport, Context& context) {
    if (!place.profile || !place.registry) return {};
    const auto listed =
        fetch_rewards(make_connection(context, transport), require_portal_url(place.profile->portal_url), owner);
    return select_payable(chain, *place.registry, listed.claims);
}

std::string balance_text(const MoneyReport& report) {
    auto text = fmt::format("address    {}\n", format_address(*report.address));
    if (report.coin) text += fmt::format("coin       {}\n", format_amount(*report.coin));
    if (report.reward) text += fmt::format("reward     {}\n", format_amount(*report.reward));
    if (report.claimable)
        text += fmt::format("claimable  {} in {} rewards{}\n", format_amount(*report.claimable), *report.claims,
                            *report.claims == 0 ? "" : ": kaisar wallet claim");
    text.pop_back();
    return text;
}

} // namespace

/// Without an address in the file, the password has to come first.
Address address_of_wallet(const Keystore& keystore, const PasswordOptions& password, Context& context) {
    if (keystore.address) return *keystore.address;
    return decrypt_account(keystore, read_password(password, context, Purpose::unlock).view()).address();
}

MoneyReport report_of(std::string_view action, const MoneyPlace& place, const Address& address) {
    MoneyReport report{.action = action};
    report.address = address;
    report.chain_id = place.chain_id;
    return report;
}

void print_report(const MoneyReport& report, const std::string& text, Context& context) {
    context.terminal.print_result(context.options.json ? money_json(report) : text);
}

void require_chain(const MoneyPlace& place) {
    if (place.nodes.empty())
        throw Error(ErrorKind::refused,
                    "this network keeps its ledger in the portal: it pays rewards, but moves no coins",
                    "rewards can be sent on where the network is on an EVM chain; kaisar wallet balance shows them");
}

MoneyPlace money_place_of(const NetworkProfile& profile) {
    MoneyPlace place{.profile = profile, .chain_id = profile.chain_id, .registry = Address{profile.registry}};
    if (profile.chain.starts_with(evm_prefix))
        place.nodes = parse_nodes(std::string_view(profile.chain).substr(evm_prefix.size()));
    return place;
}

MoneyPlace find_money_place(const ChainOptions& options, Context& context, Transport& transport) {
    MoneyPlace place;
    if (!options.rpc.empty()) place.nodes = parse_nodes(options.rpc);
    if (!options.registry.empty()) place.registry = parse_account("--registry", options.registry);
    place.chain_id = options.chain_id;
    const bool is_complete = !place.nodes.empty() && place.chain_id != 0;
    if (is_complete && context.places.network.empty()) return place;
    auto networks = money_place_of(resolve_network(context, transport));
    if (place.chain_id != 0) networks.chain_id = place.chain_id;
    if (place.registry) networks.registry = place.registry;
    if (!place.nodes.empty()) networks.nodes = place.nodes;
    return networks;
}

ChainClient open_chain(const MoneyPlace& place, const Context& context, Transport& transport) {
    const std::chrono::milliseconds timeout(static_cast<std::int64_t>(context.options.timeout_s * 1000));
    return ChainClient({.transport = transport,
                        .clock = context.clock,
                        .nodes = place.nodes,
                        .chain_id = place.chain_id,
                        .timeout = timeout,
                        .stop = context.stop});
}

int show_balance(const BalanceOptions& options, Context& context) {
    const auto transport = make_curl_transport();
    const auto place = find_money_place(options.chain, context, *transport);
    const DataDirectory directory(context.places.data_dir);
    const auto account = options.address.empty() ? address_of_wallet(load_wallet(directory.wallet()), {}, context)
                                                 : parse_account("--address", options.address);
    auto report = report_of("balance", place, account);
    std::vector<RewardClaim> owed;
    if (place.nodes.empty()) {
        auto rewards =
            fetch_rewards(make_connection(context, *transport), require_portal_url(place.profile->portal_url), account);
        report.reward = rewards.balance.value_or(Uint256());
        owed = std::move(rewards.claims);
    } else {
        auto chain = open_chain(place, context, *transport);
        const auto funds = fetch_funds(chain, place.registry, account);
        report.coin = funds.coin;
        report.reward = funds.reward;
        owed = fetch_payable(chain, place, account, *transport, context);
    }
    if (place.profile) {
        report.claimable = sum_of(owed);
        report.claims = owed.size();
    }
    print_report(report, balance_text(report), context);
    return 0;
}

int send_funds(const SendOptions& options, Context& context) {
    const auto to = parse_account("--to", options.to);
    const auto amount = parse_amount(options.amount);
    if (!amount || amount->is_zero())
        throw Error(ErrorKind::usage, fmt::format("--amount {:.80}: expected a number above zero", options.amount),
                    "for example --amount 1.5; at most 18 digits stand behind the point");
    const auto transport = make_curl_transport();
    const auto place = find_money_place(options.chain, context, *transport);
    require_chain(place);
    const DataDirectory directory(context.places.data_dir);
    const auto keystore = load_wallet(directory.wallet());
    const auto from = address_of_wallet(keystore, options.password, context);
    auto chain = open_chain(place, context, *transport);
    Till till(directory, chain, from, options.chain.settlement, context);
    const auto intent = intent_of(options, to, *amount, chain, place);
    auto report = report_of("send", place, from);
    report.to = to;
    report.asset = options.asset;
    report.amount = *amount;
    const auto described = fmt::format("{} of {} from {} to {} on chain {}", format_amount(*amount), options.asset,
                                       format_address(from), format_address(to), place.chain_id);
    report.is_resumed = till.is_begun(intent.purpose);
    if (options.dry_run) {
        report.is_dry_run = true;
        report.largest_fee = till.quote(intent).largest_fee();
        print_report(
            report,
            fmt::format("would send {}, for a fee of at most {}", described, format_amount(*report.largest_fee)),
            context);
        return 0;
    }
    if (*report.is_resumed)
        context.terminal.say(fmt::format("Going on with a payment that an earlier run began: {}", described));
    const auto payment = till.pay(
        intent,
        [&](const PaymentQuote& quote) {
            require_consent(
                options.yes ? Consent::given : Consent::to_be_asked,
                fmt::format("Send {}, for a fee of at most {}?", described, format_amount(quote.largest_fee())),
                context);
        },
        [&] { return decrypt_account(keystore, read_password(options.password, context, Purpose::unlock).view()); });
    report.fee = payment.gas_price * payment.gas_used;
    report.transactions = {payment.transaction_hash};
    report.block_number = payment.block_number;
    print_report(report,
                 fmt::format("sent {}\n  transaction {}\n  fee         {}", described,
                             encode_hex_prefixed(payment.transaction_hash), format_amount(*report.fee)),
                 context);
    till.mark_reported(intent.purpose);
    return 0;
}

int claim_rewards(const ClaimOptions& options, Context& context) {
    const auto transport = make_curl_transport();
    const auto place = find_money_place(options.chain, context, *transport);
    const DataDirectory directory(context.places.data_dir);
    const auto keystore = load_wallet(directory.wallet());
    const auto owner = address_of_wallet(keystore, options.password, context);
    if (place.nodes.empty()) return claim_embedded(options, place, owner, *transport, context);
    if (!place.profile || !place.registry)
        throw Error(ErrorKind::usage, "only the network's portal knows what is owed",
                    "name the network with --network FILE|URL");
    auto chain = open_chain(place, context, *transport);
    Till till(directory, chain, owner, options.chain.settlement, context);
    auto report = report_of("claim", place, owner);
    report.amount = Uint256();
    report.claims = 0;
    if (options.dry_run) {
        const auto claims = fetch_payable(chain, place, owner, *transport, context);
        report.amount = sum_of(claims);
        report.claims = claims.size();
        report.is_dry_run = true;
        print_report(report,
                     fmt::format("would claim {} in {} rewards to {}", format_amount(*report.amount), claims.size(),
                                 format_address(owner)),
                     context);
        return 0;
    }
    auto& sender = till.open(
        [&] { return decrypt_account(keystore, read_password(options.password, context, Purpose::unlock).view()); });
    Claiming claiming{till, sender, place, context, std::move(report)};
    claiming.resume();
    claiming.pay(fetch_payable(chain, place, owner, *transport, context));
    print_report(claiming.report,
                 fmt::format("claimed {} in {} rewards to {}", format_amount(*claiming.report.amount),
                             *claiming.report.claims, format_address(owner)),
                 context);
    return 0;
}

} // namespace kaisar
