#include "terminal.h"

#include "error/error.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace kaisar {
namespace {

constexpr std::size_t answer_limit_bytes = 4096;
constexpr int bar_width = 24;
constexpr int stop_look_ms = 50;
constexpr auto redraw_interval = std::chrono::milliseconds(80);

bool is_set(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

/// --color, then NO_COLOR, CLICOLOR_FORCE, TERM=dumb, and last whether the stream is a terminal.
bool wants_color(const std::string& option, int descriptor) {
    if (option == "always") return true;
    if (option == "never") return false;
    if (option != "auto")
        throw Error(ErrorKind::usage, fmt::format("--color: expected auto, always or never, got {}", option));
    if (is_set("NO_COLOR")) return false;
    if (is_set("CLICOLOR_FORCE")) return true;
    const char* term = std::getenv("TERM");
    if (term == nullptr || std::string_view(term) == "dumb") return false;
    return ::isatty(descriptor) == 1;
}

std::string with_style(bool color, Style style, std::string_view text) {
    static constexpr const char* codes[] = {"", "32", "31", "33", "1", "2"};
    if (!color || style == Style::plain) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<int>(style)], text);
}

/// Turns the echo off while a secret is typed.
class EchoOff {
public:
    EchoOff() {
        if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
    }
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;
    ~EchoOff() {
        if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }

private:
    termios before_{};
    bool changed_ = false;
};

} // namespace

void write_to_stdout(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (!text.ends_with('\n')) std::fputc('\n', stdout);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        throw Error(ErrorKind::environment, fmt::format("cannot write the result to stdout: {}", std::strerror(errno)),
                    "check where stdout goes; the work itself is done and can be asked for again");
}

void write_to_stderr(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

Terminal::Terminal(const TerminalOptions& options)
    : quiet_(options.quiet), verbose_(options.verbose),
      can_ask_(!options.no_input && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1),
      stderr_is_terminal_(::isatty(STDERR_FILENO) == 1), color_out_(wants_color(options.color, STDOUT_FILENO)),
      color_err_(wants_color(options.color, STDERR_FILENO)), stop_(options.stop) {}

/// Into guarded memory, byte by byte, so that no stdio buffer keeps a copy.
Secret Terminal::read_line() const {
    Secret line(answer_limit_bytes);
    std::size_t size = 0;
    for (;;) {
        // Signals are taken by a thread of their own and do not end a read: look for them between waits.
        pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&input, 1, stop_look_ms);
        if (stop_.stop_requested()) {
            write_to_stderr("\n");
            throw Error(ErrorKind::interrupted, "interrupted", "run the same command again to go on");
        }
        if (ready <= 0) continue;
        char byte = 0;
        const auto count = ::read(STDIN_FILENO, &byte, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            if (size == 0) throw Error(ErrorKind::usage, "no answer: the input ended");
            break;
        }
        if (byte == '\n') break;
        if (size == answer_limit_bytes) throw Error(ErrorKind::usage, "the answer is too long");
        line.mutable_view()[size++] = static_cast<std::uint8_t>(byte);
    }
    return Secret::copy_of(line.view().first(size));
}

void Terminal::print_result(std::string_view text) {
    end_progress();
    write_to_stdout(text);
}

void Terminal::say(std::string_view text) {
    if (quiet_) return;
    end_progress();
    write_to_stderr(fmt::format("{}\n", text));
}

void Terminal::say_detail(std::string_view text) {
    if (verbose_) say(styled(Style::faint, text));
}

std::string Terminal::ask(std::string_view prompt) {
    end_progress();
    write_to_stderr(fmt::format("{} ", prompt));
    std::fflush(stderr);
    const auto line = read_line();
    return std::string(text_of(line.view()));
}

Secret Terminal::ask_secret(std::string_view prompt) {
    end_progress();
    write_to_stderr(fmt::format("{} ", prompt));
    std::fflush(stderr);
    const EchoOff echo_off;
    auto line = read_line();
    write_to_stderr("\n");
    return line;
}

bool Terminal::confirm(std::string_view prompt) {
    const auto answer = ask(fmt::format("{} [y/N]", prompt));
    return answer == "y" || answer == "Y" || answer == "yes";
}

std::string Terminal::styled_result(Style style, std::string_view text) const {
    return with_style(color_out_, style, text);
}

std::string Terminal::styled(Style style, std::string_view text) const { return with_style(color_err_, style, text); }

void Terminal::show_progress(std::string_view phase, double fraction) {
    if (quiet_) return;
    const bool is_new_phase = phase != phase_;
    phase_ = phase;
    if (!stderr_is_terminal_) {
        if (is_new_phase) write_to_stderr(fmt::format("{} ...\n", phase));
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!is_new_phase && now - last_drawn_ < redraw_interval && fraction < 1) return;
    last_drawn_ = now;
    const double part = std::clamp(fraction, 0.0, 1.0);
    const int filled = static_cast<int>(part * bar_width);
    write_to_stderr(
        fmt::format("\r\x1b[2K[{:━<{}}{:<{}}] {:3.0f} % {}", "", filled, "", bar_width - filled, 100 * part, phase));
    std::fflush(stderr);
    bar_shown_ = true;
}

void Terminal::end_progress() {
    phase_.clear();
    if (!bar_shown_) return;
    write_to_stderr("\r\x1b[2K");
    std::fflush(stderr);
    bar_shown_ = false;
}

} // namespace kaisar
