#include "password.h"

#include "error/error.h"
#include "wallet/secret_file.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::size_t short_password_bytes = 8;
constexpr int tries = 3;

Secret ask_new_password(Terminal& terminal) {
    for (int i = 0; i < tries; ++i) {
        auto password = terminal.ask_secret("New wallet password:");
        if (password.empty()) {
            terminal.say("An empty password protects nothing.");
            continue;
        }
        const auto again = terminal.ask_secret("The same again:");
        if (is_equal_in_constant_time(password.view(), again.view())) return password;
        terminal.say("These are two different passwords.");
    }
    throw Error(ErrorKind::usage, "no password was chosen", "run the same command again; nothing was changed");
}

} // namespace

void add_password_options(CLI::App& command, PasswordOptions& options) { add_password_options(command, options, ""); }

void add_password_options(CLI::App& command, PasswordOptions& options, const std::string& prefix) {
    const std::string what = prefix.empty() ? "the wallet's password" : "the new password";
    command
        .add_option(fmt::format("--{}password-file", prefix), options.file,
                    fmt::format("File whose first line is {}", what))
        ->type_name("FILE");
    command
        .add_option(fmt::format("--{}password-fd", prefix), options.descriptor,
                    fmt::format("Open file descriptor whose first line is {}", what))
        ->type_name("N")
        ->check(CLI::Range(0, 1 << 20, "file descriptor"));
}

Secret read_password(const PasswordOptions& options, Context& context, Purpose purpose) {
    return read_password(options, context, purpose, "");
}

Secret read_password(const PasswordOptions& options, Context& context, Purpose purpose, const std::string& prefix) {
    if (!options.file.empty() && options.descriptor >= 0)
        throw Error(ErrorKind::usage, fmt::format("--{0}password-file and --{0}password-fd are both given", prefix),
                    "give one");
    Secret password;
    if (!options.file.empty()) {
        warn_if_readable_by_others(options.file, context);
        password = load_secret_line(Path(options.file));
    } else if (options.descriptor >= 0) {
        password = load_secret_line(options.descriptor);
    } else if (!context.terminal.can_ask()) {
        throw Error(ErrorKind::usage,
                    fmt::format("the wallet's {}password is needed, and there is no terminal to ask on", prefix),
                    fmt::format("give it with --{0}password-file FILE or --{0}password-fd N", prefix));
    } else if (purpose == Purpose::choose) {
        password = ask_new_password(context.terminal);
    } else {
        password = context.terminal.ask_secret("Wallet password:");
    }
    if (purpose == Purpose::choose && password.size() < short_password_bytes)
        context.terminal.say(context.terminal.styled(
            Style::warning,
            fmt::format("This password has fewer than {} characters: whoever gets the file will find it.",
                        short_password_bytes)));
    return password;
}

void warn_if_readable_by_others(const Path& path, Context& context) {
    using std::filesystem::perms;
    std::error_code fault;
    const auto status = std::filesystem::status(path, fault);
    if (fault || !std::filesystem::is_regular_file(status)) return;
    if ((status.permissions() & (perms::group_read | perms::others_read)) == perms::none) return;
    context.terminal.say(context.terminal.styled(
        Style::warning, fmt::format("{0} may be read by other users: chmod 600 {0}", path.string())));
}

} // namespace kaisar
