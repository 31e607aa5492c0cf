#include "provider/setup_runner.h"

#include "error/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace kaisar {
namespace {

constexpr int reboot_status = 100;
constexpr std::size_t log_tail_bytes = 800;
constexpr std::size_t log_limit_bytes = 16u << 20;
constexpr std::chrono::milliseconds poll_interval{10};

/// File actions and attributes of posix_spawn that free themselves.
struct SpawnSettings {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    SpawnSettings() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
};

/// Starts /bin/sh on the script in a process group of its own, output to the log, no input, signals as by default.
pid_t start_script(const Path& script, const Path& log, const SetupSurroundings& surroundings) {
    const std::string data_dir = "KAISAR_DATA_DIR=" + surroundings.data_dir.string();
    const std::string program = "KAISAR_PROGRAM=" + surroundings.program.string();
    const std::array<const char*, 6> environment{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                                 "LANG=C.UTF-8",
                                                 "HOME=/",
                                                 data_dir.c_str(),
                                                 program.c_str(),
                                                 nullptr};
    const std::array<const char*, 3> arguments{"/bin/sh", script.c_str(), nullptr};
    SpawnSettings settings;
    posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&settings.actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
    posix_spawn_file_actions_adddup2(&settings.actions, STDOUT_FILENO, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&settings.attributes, &none);
    posix_spawnattr_setpgroup(&settings.attributes, 0);
    posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    pid_t child = 0;
    const int code =
        posix_spawn(&child, "/bin/sh", &settings.actions, &settings.attributes,
                    const_cast<char* const*>(arguments.data()), const_cast<char* const*>(environment.data()));
    if (code != 0) throw Error(ErrorKind::environment, fmt::format("cannot start /bin/sh: {}", std::strerror(code)));
    return child;
}

/// The exit status; a script that outlives `timeout` is ended with its whole group.
int wait_for_script(pid_t child, const SetupStep& step, const SetupSurroundings& surroundings) {
    const auto deadline = std::chrono::steady_clock::now() + step.timeout;
    for (;;) {
        int status = 0;
        const auto ended = ::waitpid(child, &status, WNOHANG);
        if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        const bool is_stopped = surroundings.stop.stop_requested();
        if (is_stopped || std::chrono::steady_clock::now() >= deadline) {
            ::kill(-child, SIGKILL);
            ::waitpid(child, &status, 0);
            if (is_stopped) throw Error(ErrorKind::interrupted, "interrupted", "run the same command again to go on");
            throw Error(ErrorKind::environment,
                        fmt::format("setup step {} did not end within {} s", step.id, step.timeout.count()),
                        fmt::format("see {}", (surroundings.directory / (step.id + ".log")).string()));
        }
        std::this_thread::sleep_for(poll_interval);
    }
}

std::string read_tail(const Path& log) {
    const auto content = find_file(log, log_limit_bytes).value_or(Bytes{});
    const auto text = text_of(content);
    return std::string(text.substr(text.size() - std::min(text.size(), log_tail_bytes)));
}

std::string read_last_line(const Path& log) {
    auto text = read_tail(log);
    while (text.ends_with('\n')) text.pop_back();
    const auto begin = text.rfind('\n');
    return begin == std::string::npos ? text : text.substr(begin + 1);
}

int run_script(const SetupStep& step, std::string_view what, const std::string& text,
               const SetupSurroundings& surroundings) {
    const auto script = surroundings.directory / fmt::format("{}.{}.sh", step.id, what);
    const auto log = surroundings.directory / (step.id + ".log");
    save_file(script, text);
    return wait_for_script(start_script(script, log, surroundings), step, surroundings);
}

[[noreturn]] void fail(const SetupStep& step, std::string_view what, const SetupSurroundings& surroundings) {
    const auto log = surroundings.directory / (step.id + ".log");
    throw Error(ErrorKind::environment,
                fmt::format("setup step {} ({}): {}\n{}", step.id, step.title, what, read_tail(log)),
                fmt::format("mend what it names and run the same command again; the whole log is {}", log.string()));
}

SetupOutcome run_step(const SetupStep& step, const SetupSurroundings& surroundings) {
    std::error_code ignored;
    std::filesystem::remove(surroundings.directory / (step.id + ".log"), ignored);
    if (run_script(step, "check", step.check, surroundings) == 0) return SetupOutcome::satisfied;
    if (step.optional && !surroundings.agrees(step)) return SetupOutcome::declined;
    if (step.apply.empty()) fail(step, "the check failed and only you can mend it", surroundings);
    if (step.needs_root && ::geteuid() != 0) {
        save_file(surroundings.directory / (step.id + ".apply.sh"), step.apply);
        fail(step, fmt::format("needs root: sudo sh {}", (surroundings.directory / (step.id + ".apply.sh")).string()),
             surroundings);
    }
    const int status = run_script(step, "apply", step.apply, surroundings);
    if (status == reboot_status && step.may_reboot)
        fail(step, "asks for a reboot; reboot, then run the same command again", surroundings);
    if (status != 0) fail(step, fmt::format("the script failed with status {}", status), surroundings);
    if (run_script(step, "check", step.check, surroundings) != 0)
        fail(step, "was applied, but the check still fails", surroundings);
    return SetupOutcome::applied;
}

} // namespace

void run_setup_plan(const SetupPlan& plan, const SetupSurroundings& surroundings) {
    make_private_directory(surroundings.directory);
    for (const auto& step : plan.steps) {
        const auto outcome = run_step(step, surroundings);
        surroundings.on_step(step, outcome, read_last_line(surroundings.directory / (step.id + ".log")));
    }
}

} // namespace kaisar
