/// Web3 Secret Storage, version 3: a private key encrypted by a password, as geth, MetaMask and ethers keep it.
///
/// Writes scrypt, reads scrypt and PBKDF2. The JSON form is in keystore_json.h, wallets as files are in wallet_file.h.
#pragma once

#include "crypto/key_derivation.h"
#include "wallet/account.h"

#include <optional>
#include <string>
#include <variant>

namespace kaisar {

/// What geth uses by default: about half a second and 256 MiB for each guess at the password.
inline constexpr ScryptCost standard_scrypt_cost{.n = 1 << 18, .r = 8, .p = 1};

struct Pbkdf2Cost {
    std::uint32_t iterations = 0;

    bool operator==(const Pbkdf2Cost&) const = default;
};

struct Keystore {
    std::string id; ///< a random UUID; nothing depends on it
    std::optional<Address> address;
    std::string path; ///< where in a mnemonic's tree the key came from; empty when it did not or is not known
    std::variant<ScryptCost, Pbkdf2Cost> cost;
    Bytes salt;
    std::size_t derived_size_bytes = 32;
    ByteArray<16> iv{};
    Bytes ciphertext;
    Bytes32 mac{};

    bool operator==(const Keystore&) const = default;
};

Keystore encrypt_account(const Account& account, ByteView password, std::string path,
                         const ScryptCost& cost = standard_scrypt_cost);

/// Throws Error(wallet) when the password is wrong, or when the key is not that of the keystore's own address.
Account decrypt_account(const Keystore& keystore, ByteView password);

} // namespace kaisar
