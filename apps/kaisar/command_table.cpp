#include "command.h"

namespace kaisar {

void declare_bench(CLI::App& command, Action& action);
void declare_completions(CLI::App& command, Action& action);
void declare_prove(CLI::App& command, Action& action);
void declare_register(CLI::App& command, Action& action);
void declare_status(CLI::App& command, Action& action);
void declare_wallet(CLI::App& command, Action& action);

namespace {

constexpr Command table[] = {
    {"register", "Make this machine a worker of the network", declare_register},
    {"prove", "Prove this slot's work to the checkers (from cron or by hand)", declare_prove},
    {"status", "Say whether this worker is earning, and if not, why", declare_status},
    {"bench", "Measure this machine, with verified answers", declare_bench},
    {"wallet", "Create and use the owner's wallet", declare_wallet},
    {"completions", "Print the completion script of a shell", declare_completions},
};

constexpr bool has_unique_names() {
    for (const auto& a : table)
        for (const auto& b : table)
            if (&a != &b && a.name == b.name) return false;
    return true;
}
static_assert(has_unique_names());

} // namespace

std::span<const Command> command_table() { return table; }

} // namespace kaisar
