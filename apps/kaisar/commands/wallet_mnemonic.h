/// Handing a new mnemonic to its owner, once, and making an account of one.
#pragma once

#include "wallet.h"
#include "wallet/account.h"

namespace kaisar {

/// Throws Error(usage) where there is neither a terminal nor a file for the words, or Error(environment) where the file
/// is there already.
void require_way_to_hand_over(const std::string& mnemonic_file, const Context& context);

/// Writes the words to the file, or shows them on the terminal until two of them have been given back.
void hand_over_mnemonic(const Secret& mnemonic, const std::string& mnemonic_file, Context& context);

Account account_of(const Secret& mnemonic, const MnemonicOptions& options, Context& context);

} // namespace kaisar
