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

/// Puts the wallet in place of another, which is kept beside it under a name that was free, and returns that name.
/// There is no moment without a wallet at `path`, and when this fails the old one is there.
Path replace_wallet(const Path& path, const Keystore& keystore);

/// The account in the wallet at `path`. Throws Error(wallet) when there is none or the password is wrong.
Account unlock_wallet(const Path& path, ByteView password);

} // namespace kaisar
