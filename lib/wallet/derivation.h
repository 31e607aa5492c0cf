/// BIP-32 and BIP-44: the accounts that follow from one seed.
#pragma once

#include "wallet/account.h"

#include <string>
#include <string_view>
#include <vector>

namespace kaisar {

/// The first EVM account, as MetaMask, Ledger and ethers derive it.
inline constexpr std::string_view default_derivation_path = "m/44'/60'/0'/0/0";

/// A private key of BIP-32's tree.
struct ExtendedKey {
    Secret key;
    Secret chain_code;
};

/// The child numbers of a path such as m/44'/60'/0'/0/0; a hardened one (' or h) has its highest bit set. Throws
/// Error(usage) naming the part at fault.
std::vector<std::uint32_t> parse_derivation_path(std::string_view path);

/// Nothing for the seeds and children, fewer than one in 2^127, for which BIP-32 defines no key.
std::optional<ExtendedKey> derive_master_key(ByteView seed);
std::optional<ExtendedKey> derive_child_key(const ExtendedKey& parent, std::uint32_t number);

/// The account at this path. Throws Error(wallet) where BIP-32 defines none.
Account derive_account(ByteView seed, std::string_view path);

} // namespace kaisar
