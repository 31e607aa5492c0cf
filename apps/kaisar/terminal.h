/// The person at the terminal, if there is one: results on stdout, everything else on stderr, questions only when both
/// ends are there.
#pragma once

#include "crypto/secret.h"

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>

namespace kaisar {

enum class Style { plain, good, bad, warning, strong, faint };

struct TerminalOptions {
    bool quiet = false;
    bool verbose = false;
    bool no_input = false;
    /// auto, always or never; anything else is Error(usage).
    std::string color = "auto";
    /// Ends a question with Error(interrupted).
    std::stop_token stop = {};
};

/// Writes to stdout, ending the line; a full disk or a closed pipe is Error(environment).
void write_to_stdout(std::string_view text);

/// Writes to stderr as it stands. A stderr that is closed or full is no reason to fail: what matters is the exit code.
void write_to_stderr(std::string_view text);

class Terminal {
public:
    explicit Terminal(const TerminalOptions& options);
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    /// Clears the bar, so that an error is not written behind it.
    ~Terminal() { end_progress(); }

    /// The command's result, with a newline after it, on stdout; a full disk or a closed pipe is Error(environment).
    void print_result(std::string_view text);
    /// A line for a person, on stderr; nothing with --quiet.
    void say(std::string_view text);
    /// As say, with --verbose only.
    void say_detail(std::string_view text);

    /// Whether a question can be asked: stdin and stderr are terminals and --no-input was not given.
    bool can_ask() const { return can_ask_; }
    /// Asks on stderr and reads one line; callers check can_ask() first.
    std::string ask(std::string_view prompt);
    /// As ask, without echo.
    Secret ask_secret(std::string_view prompt);
    /// True for y or yes; anything else is no.
    bool confirm(std::string_view prompt);

    /// The text in that style where stdout (for print_result) or stderr (for say) shows colour.
    std::string styled_result(Style style, std::string_view text) const;
    std::string styled(Style style, std::string_view text) const;

    /// Draws or redraws the progress of one phase, 0 <= fraction <= 1; a line per phase when stderr is no terminal.
    void show_progress(std::string_view phase, double fraction);
    /// Clears the bar, before anything else is said.
    void end_progress();

private:
    Secret read_line() const;

    bool quiet_;
    bool verbose_;
    bool can_ask_;
    bool stderr_is_terminal_;
    bool color_out_;
    bool color_err_;
    std::stop_token stop_;
    bool bar_shown_ = false;
    std::string phase_;
    std::chrono::steady_clock::time_point last_drawn_{};
};

} // namespace kaisar
