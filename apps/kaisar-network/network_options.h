/// The options that several commands share, and the files that they lead to.
#pragma once

#include "accounting/network_settings.h"

#include <string>

namespace kaisar::network {

/// What stands before an EVM chain's RPC addresses in --chain and in profiles.
inline constexpr std::string_view evm_prefix = "evm:";

struct NetworkOptions {
    bool json = false;
    std::string data_dir;
    std::string store;
    std::string chain = "embedded";
};

/// What a command works on: the directory with the keys, and the store.
struct NetworkFiles {
    Path data_dir;
    Path store;
    Path keys() const { return data_dir / "network.keys"; }
    Path lock() const { return data_dir / "lock"; }
    Path transactions() const { return data_dir / "transactions.json"; }
};

/// --data-dir, else $XDG_STATE_HOME/kaisar-network, else ~/.local/state/kaisar-network; the store is DIR/network.db
/// unless given.
NetworkFiles resolve_files(const NetworkOptions& options);

/// The network's constants by their name or from a file; Error(usage) when they are neither.
popw::Params parse_params(const std::string& text);

} // namespace kaisar::network
