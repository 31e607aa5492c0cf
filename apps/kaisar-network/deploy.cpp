/// kaisar-network deploy: the registry contract, once, on an EVM chain.
#include "bytes/hex.h"
#include "commands.h"
#include "error/error.h"
#include "evm_ledger.h"
#include "registry/registry.h"
#include "reports_json.h"

#include <fmt/format.h>

namespace kaisar::network {
namespace {

struct DeployOptions {
    EvmOptions evm;
    std::string params = "default";
    std::string pool = "1000";
    double wait_s = 120;
};

int deploy(const DeployOptions& options, const NetworkOptions& shared) {
    const auto params = parse_params(options.params);
    const auto pool = parse_amount(options.pool);
    // The pool is multiplied by points of 64 bits when it is shared.
    if (!pool || pool->is_zero() || *pool > Uint256::max() / UINT64_MAX)
        throw Error(ErrorKind::usage, fmt::format("--pool {:.80}: expected a number above zero", options.pool),
                    "for example --pool 1000; at most 18 digits stand behind the point");
    require_evm(shared);
    const auto files = resolve_files(shared);
    make_private_directory(files.data_dir);
    const auto lock = FileLock::try_acquire(files.lock());
    if (!lock)
        throw Error(ErrorKind::environment,
                    fmt::format("another kaisar-network is at work in {}", files.data_dir.string()),
                    "stop it first, or give this one another --data-dir");
    const auto account = unlock_operator(options.evm);
    const SystemClock clock;
    const auto transport = make_curl_transport();
    ChainClient chain(make_chain_access(shared, *transport, clock));
    Sender sender(chain, account, files.transactions(), {.confirmations = options.evm.confirmations});
    const auto epoch_seconds =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(params.epoch).count());
    const PaymentIntent intent{.purpose = fmt::format("deploy registry {} {}", params.name, options.pool),
                               .to = std::nullopt,
                               .value = {},
                               .data = registry_deployment(account.address(), epoch_seconds, *pool)};
    if (sender.find_unfinished(intent.purpose) == nullptr)
        sender.submit(intent, quote_payment(chain, account.address(), intent));
    const auto deadline = clock.now() + std::chrono::milliseconds(static_cast<std::int64_t>(options.wait_s * 1000));
    const auto payment = sender.wait_for(intent.purpose, deadline);
    if (payment.state == PaymentState::confirmed) {
        const auto registry = contract_address(payment.from, payment.nonce);
        write_result(shared.json ? deploy_report(payment.chain_id, registry, payment.transaction_hash)
                                 : fmt::format("registry {} on chain {}", format_address(registry), payment.chain_id));
    }
    sender.mark_reported(intent.purpose);
    sender.require_confirmed(payment);
    return 0;
}

} // namespace

void declare_deploy(CLI::App& app, const NetworkOptions& shared, Action& action) {
    auto options = std::make_shared<DeployOptions>();
    add_evm_options(app, options->evm);
    app.add_option("--params", options->params, "The network's constants, of which its epochs count here")
        ->type_name("NAME|FILE")
        ->capture_default_str();
    app.add_option("--pool", options->pool, "How many reward tokens the workers of an epoch share, for good")
        ->type_name("AMOUNT")
        ->capture_default_str();
    app.add_option("--wait", options->wait_s, "How long to wait for the chain, in seconds; the next run goes on")
        ->type_name("S")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    action = [options, &shared] { return deploy(*options, shared); };
}

} // namespace kaisar::network
