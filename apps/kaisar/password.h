/// The wallet's password: from a file, a file descriptor or the terminal, and never from the command line or the
/// environment.
#pragma once

#include "command.h"
#include "crypto/secret.h"

#include <string>

namespace kaisar {

struct PasswordOptions {
    std::string file;
    int descriptor = -1;
};

/// Whether the password opens something or is being chosen, and then typed twice.
enum class Purpose { unlock, choose };

/// Adds --password-file and --password-fd.
void add_password_options(CLI::App& command, PasswordOptions& options);

/// Throws Error(usage) naming the options when there is neither an option nor a terminal.
Secret read_password(const PasswordOptions& options, Context& context, Purpose purpose);

/// As above for options of another name, such as --new-password-file: `prefix` is "new-".
void add_password_options(CLI::App& command, PasswordOptions& options, const std::string& prefix);
Secret read_password(const PasswordOptions& options, Context& context, Purpose purpose, const std::string& prefix);

/// Says so where others may read this file of the user's; kaisar writes its own files so that they cannot.
void warn_if_readable_by_others(const Path& path, Context& context);

} // namespace kaisar
