#include "evm_ledger.h"

#include "error/error.h"
#include "wallet/wallet_file.h"

#include <fmt/format.h>

namespace kaisar::network {
namespace {

constexpr std::size_t password_limit_bytes = 4096;
constexpr std::chrono::seconds chain_timeout{10};

} // namespace

void add_evm_options(CLI::App& app, EvmOptions& options) {
    app.add_option("--account", options.account, "With --chain evm:URL: the keystore of the registry's operator")
        ->type_name("FILE");
    app.add_option("--password-file", options.password_file, "File whose first line is that keystore's password")
        ->type_name("FILE");
    app.add_option("--confirmations", options.confirmations, "How many blocks deep a transaction must be")
        ->type_name("N")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
}

void require_evm(const NetworkOptions& shared) {
    if (!shared.chain.starts_with(evm_prefix))
        throw Error(ErrorKind::usage, fmt::format("--chain {}: this needs an EVM chain", shared.chain),
                    "give evm: and the chain's RPC address");
}

ChainAccess make_chain_access(const NetworkOptions& shared, Transport& transport, const Clock& clock) {
    require_evm(shared);
    ChainAccess access{.transport = transport,
                       .clock = clock,
                       .nodes = parse_nodes(std::string_view(shared.chain).substr(evm_prefix.size())),
                       .timeout = chain_timeout,
                       .stop = {}};
    access.chain_id = fetch_chain_id(access, access.nodes.front());
    return access;
}

Account unlock_operator(const EvmOptions& options) {
    if (options.account.empty() || options.password_file.empty())
        throw Error(ErrorKind::usage, "an EVM chain needs an account that pays for its transactions",
                    "give its keystore with --account FILE, and --password-file FILE");
    require_private(options.password_file);
    auto content = load_file(options.password_file, password_limit_bytes);
    const auto text = text_of(content);
    const auto password = Secret::copy_of(bytes_of(text.substr(0, text.find_first_of("\r\n"))));
    wipe(content);
    return unlock_wallet(options.account, password.view());
}

Address parse_registry(const EvmOptions& options) {
    const auto registry = parse_address(options.registry);
    if (!registry)
        throw Error(ErrorKind::usage, fmt::format("--registry {:.80}: not an EVM address", options.registry),
                    "kaisar-network deploy makes a registry and prints its address");
    return *registry;
}

RegistryFacts require_registry(const ChainAccess& access, const Address& registry, const Account& account) {
    const auto facts = fetch_registry_facts(access, registry);
    if (facts.operator_account != account.address())
        throw Error(ErrorKind::usage,
                    fmt::format("--account: {} is not the registry's operator, which is {}",
                                format_address(account.address()), format_address(facts.operator_account)),
                    "give the operator's keystore");
    return facts;
}

} // namespace kaisar::network
