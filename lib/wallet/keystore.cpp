#include "wallet/keystore.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "crypto/keccak.h"
#include "error/error.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

/// RFC 4122, version 4.
std::string make_uuid() {
    auto bytes = random_array<16>();
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    const auto digits = encode_hex(bytes);
    return fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4), digits.substr(12, 4),
                       digits.substr(16, 4), digits.substr(20));
}

Secret derive(const Keystore& keystore, ByteView password) {
    if (const auto* scrypt = std::get_if<ScryptCost>(&keystore.cost))
        return derive_by_scrypt(password, keystore.salt, *scrypt, keystore.derived_size_bytes);
    return derive_by_pbkdf2(Pbkdf2Hash::sha256, password, keystore.salt, std::get<Pbkdf2Cost>(keystore.cost).iterations,
                            keystore.derived_size_bytes);
}

Bytes32 mac_of(const Secret& derived, ByteView ciphertext) {
    return keccak256({derived.view().subspan(16, 16), ciphertext});
}

} // namespace

Keystore encrypt_account(const Account& account, ByteView password, std::string path, const ScryptCost& cost) {
    const auto salt = random_array<32>();
    Keystore keystore{
        .id = make_uuid(),
        .address = account.address(),
        .path = std::move(path),
        .cost = cost,
        .salt = Bytes(salt.begin(), salt.end()),
        .iv = random_array<16>(),
    };
    const auto derived = derive(keystore, password);
    const auto encrypted = apply_aes128_ctr(derived.view().first(16), keystore.iv, account.private_key());
    append(keystore.ciphertext, encrypted.view());
    keystore.mac = mac_of(derived, keystore.ciphertext);
    return keystore;
}

Account decrypt_account(const Keystore& keystore, ByteView password) {
    const auto derived = derive(keystore, password);
    if (!is_equal_in_constant_time(mac_of(derived, keystore.ciphertext), keystore.mac))
        throw Error(ErrorKind::wallet,
                    fmt::format("wrong password for {}",
                                keystore.address ? format_address(*keystore.address) : "this keystore"),
                    "nothing was changed; try again");
    // Early programs left out a key's leading zeros: one wallet in 256 of theirs is shorter.
    const auto digits = apply_aes128_ctr(derived.view().first(16), keystore.iv, keystore.ciphertext);
    Secret key(32);
    std::ranges::copy(digits.view(), key.mutable_view().last(digits.size()).begin());
    auto account = Account::from_private_key(key.view());
    if (!account)
        throw Error(ErrorKind::wallet, "the keystore does not hold a private key of an EVM account",
                    "it decrypts, but to something else; use the file that the wallet was exported to");
    if (keystore.address && *keystore.address != account->address())
        throw Error(ErrorKind::wallet,
                    fmt::format("the keystore says that it is {}, but its key is that of {}",
                                format_address(*keystore.address), format_address(account->address())),
                    "somebody changed the address in the file; do not use it before you know who");
    return std::move(*account);
}

} // namespace kaisar
