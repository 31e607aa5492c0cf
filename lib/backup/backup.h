/// Everything that makes a machine the worker it is, in one encrypted file: wallet, node key, network and registration.
///
/// | bytes | meaning                                                                                    |
/// |-------|--------------------------------------------------------------------------------------------|
/// | 16    | "kaisar backup 1\n"                                                                        |
/// | 4, 8  | passes and memory of Argon2id, little endian                                               |
/// | 16    | its salt                                                                                   |
/// | 24    | nonce                                                                                      |
/// | rest  | XChaCha20-Poly1305 of the files, all of the above being authenticated with them: for each, |
/// |       | le16 length of the name, name, le32 length, content; sorted by name                        |
///
/// With a wallet inside, its password opens the backup too: there is no second one to lose.
#pragma once

#include "crypto/secret.h"
#include "evm/address.h"
#include "settings/data_directory.h"

#include <optional>
#include <string>
#include <vector>

namespace kaisar {

inline constexpr std::size_t backup_limit_bytes = 4u << 20;

/// What a backup holds, found by opening it.
struct BackupContents {
    std::optional<Address> address; ///< of the wallet, whose password opened it
    std::optional<Bytes32> node_id;
    std::vector<std::string> files; ///< sorted
};

/// The backup of a data directory. Error(wallet) when the password does not open the wallet in it; Error(environment)
/// when there is neither a wallet nor a node key.
Bytes make_backup(const DataDirectory& directory, ByteView password);

/// Opens it, its wallet and its node key, and touches nothing. Error(wallet) for a wrong password or a changed file,
/// Error(environment) for what is no backup; `name` is what messages call it.
BackupContents check_backup(ByteView backup, ByteView password, const std::string& name);

/// As check_backup, and writes the files where none of them is. Error(wallet) when one is there with another content:
/// then nothing is written. Run again after it was interrupted, it finishes.
BackupContents restore_backup(ByteView backup, ByteView password, const std::string& name,
                              const DataDirectory& directory);

} // namespace kaisar
