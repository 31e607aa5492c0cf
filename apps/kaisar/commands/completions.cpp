#include "command.h"
#include "completion_scripts.h"

#include <CLI/CLI.hpp>

namespace kaisar {

void declare_completions(CLI::App& command, Action& action) {
    auto shell = std::make_shared<std::string>();
    command.add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    action = [shell](Context& context) {
        if (*shell == "bash") context.terminal.print_result(bash_completion);
        if (*shell == "zsh") context.terminal.print_result(zsh_completion);
        if (*shell == "fish") context.terminal.print_result(fish_completion);
        return 0;
    };
}

} // namespace kaisar
