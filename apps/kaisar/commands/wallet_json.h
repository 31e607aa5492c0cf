/// `kaisar.wallet/1`: what the subcommands of `kaisar wallet` print with --json
/// (docs/schemas/kaisar.wallet-1.schema.json).
#pragma once

#include "evm/binding.h"
#include "wallet/keystore.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kaisar {

/// The fields that a subcommand has something for; the rest stay out of the object.
struct WalletReport {
    std::string_view action;
    std::optional<Address> address;
    std::string file;
    std::string path;
    std::string set_aside;
    std::string mnemonic_file;
    std::optional<Keystore> encryption; ///< of which the kdf and its costs are shown
    std::string_view private_key;
    std::string_view keystore;
    std::optional<Bytes32> digest;
    std::optional<Signature65> signature;
    std::optional<SignedBinding> binding;
    std::string out;
    std::string backup;
    std::optional<Bytes32> node_id; ///< in a backup
    std::vector<std::string> files; ///< in a backup
};

std::string wallet_json(const WalletReport& report);

} // namespace kaisar
