/// identify: who this worker is, written to a chain that keeps machine identities.
#include "wallet_money.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "identity/did_registry.h"
#include "identity/identity_json.h"
#include "provider/worker_identity.h"
#include "settings/node_key.h"
#include "wallet/wallet_file.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

/// What this machine is, as its registration says and its node key signs.
SignedIdentity identity_of(const DataDirectory& directory) {
    const auto record = find_registration(directory.registration());
    const auto key = find_node_key(directory.node_key());
    if (!record || !key || record->step < RegistrationStep::peered)
        throw Error(ErrorKind::refused, "this machine is not registered: it has no identity yet",
                    "run kaisar register first; for another machine's, give its --document FILE");
    return make_worker_identity(*record, load_network_profile(directory.network()), *key);
}

struct Identification {
    const IdentifyOptions& options;
    const DataDirectory& directory;
    const SignedIdentity& identity;
    const MoneyPlace& place;
    ChainClient& chain;
    Context& context;
    MoneyReport report{.action = "identify"};

    std::string purpose() const { return "identify " + report.did; }

    Keystore keystore() const {
        if (find_wallet(directory.wallet())) return load_wallet(directory.wallet());
        throw Error(ErrorKind::wallet, fmt::format("there is no wallet at {}", directory.wallet().string()),
                    "kaisar wallet identify --out FILE here, and --document FILE where the wallet is");
    }

    int tell(std::string_view identity_word, const std::string& text) {
        report.identity = identity_word;
        print_report(report, text, context);
        return 0;
    }

    int dry_run(const Keystore& opened, IdentityOnChain found) {
        const auto from = address_of_wallet(opened, options.password, context);
        const auto quote = quote_payment(chain, from, intent(found));
        report.address = from;
        report.is_dry_run = true;
        report.largest_fee = quote.largest_fee();
        return tell(word(found),
                    fmt::format("would write {} to chain {}, for a fee of at most {} and the chain's deposit",
                                report.did, place.chain_id, format_amount(*report.largest_fee)));
    }

    PaymentIntent intent(IdentityOnChain found) const {
        return {
            .purpose = purpose(), .to = did_precompile(), .value = {}, .data = write_identity_call(identity, found)};
    }

    static std::string_view word(IdentityOnChain found) {
        return found == IdentityOnChain::absent ? "added" : "updated";
    }

    int write() {
        const auto opened = keystore();
        auto found = compare_identity(chain, identity);
        if (options.dry_run) return dry_run(opened, found);
        const auto from = address_of_wallet(opened, options.password, context);
        report.address = from;
        Till till(directory, chain, from, options.chain.settlement, context);
        report.is_resumed = till.is_begun(purpose());
        if (*report.is_resumed) context.terminal.say("Going on with a payment that an earlier run began");
        const auto first = word(found);
        found = pay(till, opened, found);
        // What the earlier run sent may be an older document.
        if (*report.is_resumed && found != IdentityOnChain::same) found = pay(till, opened, found);
        if (found != IdentityOnChain::same)
            throw Error(ErrorKind::mismatch,
                        fmt::format("chain {} does not read back what was written to it", place.chain_id),
                        "somebody else may have changed it meanwhile: look again with --dry-run");
        remember();
        return tell(first,
                    fmt::format("wrote {} to chain {}\n  transaction {}\n  fee         {}", report.did, place.chain_id,
                                encode_hex_prefixed(report.transactions.back()), format_amount(*report.fee)));
    }

    IdentityOnChain pay(Till& till, const Keystore& opened, IdentityOnChain found) {
        const auto payment = till.pay(
            intent(found), [&](const PaymentQuote& quote) { ask(quote); },
            [&] { return decrypt_account(opened, read_password(options.password, context, Purpose::unlock).view()); });
        report.fee = report.fee.value_or(Uint256()) + payment.gas_price * payment.gas_used;
        report.transactions.push_back(payment.transaction_hash);
        report.block_number = payment.block_number;
        till.mark_reported(purpose());
        return compare_identity(chain, identity);
    }

    void ask(const PaymentQuote& quote) const {
        require_consent(options.yes ? Consent::given : Consent::to_be_asked,
                        fmt::format("Write {} to chain {} from {}, for a fee of at most {} and the chain's deposit?",
                                    report.did, place.chain_id, format_address(*report.address),
                                    format_amount(quote.largest_fee())),
                        context);
    }

    /// For `kaisar status` on the worker itself.
    void remember() const {
        if (options.document.empty())
            save_seen_identity(directory.identity(), make_seen_identity(identity, place.chain_id, context.clock.now()));
    }
};

} // namespace

int identify_worker(const IdentifyOptions& options, Context& context) {
    const DataDirectory directory(context.places.data_dir);
    const auto identity =
        options.document.empty()
            ? identity_of(directory)
            : decode_identity(text_of(load_file(options.document, identity_json_limit_bytes)), options.document);
    const auto did = did_of(did_account(identity.identity.node_public_key));
    if (!options.out.empty()) {
        save_new_file(options.out, encode_identity(identity));
        MoneyReport report{.action = "identify"};
        report.did = did;
        report.identity = "signed";
        report.out = options.out;
        print_report(report, fmt::format("wrote what {} says of itself to {}", did, options.out), context);
        return 0;
    }
    const auto transport = make_curl_transport();
    const auto place = find_money_place(options.chain, context, *transport);
    if (place.nodes.empty())
        throw Error(ErrorKind::refused, "this network keeps its ledger in the portal: no chain has identities there",
                    "name a chain that has peaq's DID precompile with --rpc and --chain-id");
    auto chain = open_chain(place, context, *transport);
    Identification identification{options, directory, identity, place, chain, context};
    identification.report.did = did;
    identification.report.chain_id = place.chain_id;
    if (compare_identity(chain, identity) == IdentityOnChain::same) {
        if (!options.dry_run) identification.remember();
        return identification.tell("unchanged",
                                   fmt::format("chain {} has {} as it should be: nothing to do", place.chain_id, did));
    }
    return identification.write();
}

} // namespace kaisar
