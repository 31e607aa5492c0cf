/// What a command is: one row of the table in command_table.cpp and one file in commands/.
///
/// A command declares its options on a CLI11 subcommand and leaves an Action behind; main runs the Action of the
/// command that was given and turns what it returns, or the Error that it throws, into the exit code.
#pragma once

#include "clock/clock.h"
#include "error/error.h"
#include "hardware/cpu_features.h"
#include "places.h"
#include "terminal.h"

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace kaisar {

/// The options that every command takes.
struct GlobalOptions {
    bool json = false;
    bool quiet = false;
    bool verbose = false;
    bool no_input = false;
    std::string color = "auto";
    PlaceOptions places;
    double timeout_s = 30;
};

/// All that a command may touch: nothing in it is global, so a command can be read on its own.
struct Context {
    const GlobalOptions& options;
    const Places& places;
    Terminal& terminal;
    const Clock& clock;
    CpuFeatures cpu;
    /// Requested on SIGINT and SIGTERM; a command that notices throws Error(interrupted).
    std::stop_token stop;
};

/// Exit codes that are not failures of the program: 0 is done; others as in docs/exit-codes.md.
using Action = std::function<int(Context&)>;

struct Command {
    std::string_view name;
    std::string_view summary;
    void (*declare)(CLI::App& command, Action& action);
};

/// In the order in which --help lists them.
std::span<const Command> command_table();

/// Ends the process at once with what the error says, from any thread: for a run that hangs.
[[noreturn]] void end_with(const Error& error, const GlobalOptions& options);

/// Throws Error(interrupted) once SIGINT or SIGTERM has arrived.
void throw_if_interrupted(const std::stop_token& stop);

} // namespace kaisar
