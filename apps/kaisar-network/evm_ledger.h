/// The options of a ledger on an EVM chain, and what serve and deploy make of them.
#pragma once

#include "ledger/evm_chain.h"
#include "network_options.h"

#include <CLI/CLI.hpp>

namespace kaisar::network {

struct EvmOptions {
    std::string registry;
    std::string account;
    std::string password_file;
    std::string public_rpc;
    std::uint64_t confirmations = 7;
};

void add_evm_options(CLI::App& app, EvmOptions& options);

/// Error(usage) unless --chain names an EVM chain.
void require_evm(const NetworkOptions& shared);

/// How the chain of --chain is reached; asks its node for the chain's id.
ChainAccess make_chain_access(const NetworkOptions& shared, Transport& transport, const Clock& clock);

/// The account in --account, opened with --password-file.
Account unlock_operator(const EvmOptions& options);

/// The registry at that address; Error(usage) when its operator is another account.
RegistryFacts require_registry(const ChainAccess& access, const Address& registry, const Account& account);

/// --registry, or Error(usage).
Address parse_registry(const EvmOptions& options);

} // namespace kaisar::network
