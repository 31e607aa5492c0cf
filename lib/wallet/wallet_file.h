/// A wallet on disk: one keystore a file, which is never lost to another.
#pragma once

#include "files/files.h"
#include "wallet/keystore.h"

namespace kaisar {

/// Throws Error(wallet) when there is none at `path` or when it is no keystore.
Keystore load_wallet(const Path& path);

/// Nothing when there is no file at `path`.
std::optional<Keystore> find_wallet(const Path& path);

/// Writes a wallet where none is. Throws Error(wallet) when one is there already, and leaves that one alone.
void save_new_wallet(const Path& path, const Keystore& keystore);

/// Puts the wallet in place of one with the same address, under another password for instance.
void save_wallet(const Path& path, const Keystore& keystore);

/// Moves the wallet at `path` out of the way, to a name beside it that is free, and returns that name.
Path set_wallet_aside(const Path& path);

/// The account in the wallet at `path`. Throws Error(wallet) when there is none or the password is wrong.
Account unlock_wallet(const Path& path, ByteView password);

} // namespace kaisar
