/// Secrets that come in files and file descriptors: passwords, mnemonics, private keys.
#pragma once

#include "crypto/secret.h"
#include "files/files.h"

namespace kaisar {

/// A line longer than this is no password, and a file longer than this no mnemonic.
inline constexpr std::size_t secret_limit_bytes = 4096;

/// The first line, without its end. Nothing but guarded memory sees it. Throws Error(environment) when it cannot be
/// read, is empty or is longer than secret_limit_bytes.
Secret load_secret_line(const Path& path);

/// As above from an open file descriptor, which is read up to the end of the line and left open.
Secret load_secret_line(int descriptor);

/// The whole file.
Secret load_secret_file(const Path& path);

} // namespace kaisar
