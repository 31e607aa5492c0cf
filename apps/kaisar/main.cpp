/// kaisar: from words to options to work to a result and an exit code. The only place that catches Error.
#include "command.h"
#include "crypto/secret.h"
#include "error/error.h"
#include "report_json.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace kaisar {

void throw_if_interrupted(const std::stop_token& stop) {
    if (stop.stop_requested())
        throw Error(ErrorKind::interrupted, "interrupted", "run the same command again to go on");
}

namespace {

int report(const Error& error, const GlobalOptions& options) {
    if (options.json) std::printf("%s\n", error_json(error).c_str());
    write_to_stderr(fmt::format("kaisar: {}\n", error.message()));
    if (!error.hint().empty()) write_to_stderr(fmt::format("  {}\n", error.hint()));
    return static_cast<int>(error.kind());
}

} // namespace

void end_with(const Error& error, const GlobalOptions& options) {
    const int code = report(error, options);
    std::fflush(stdout);
    ::_exit(code);
}

namespace {

void declare_global_options(CLI::App& app, GlobalOptions& options) {
    app.add_flag("--json", options.json, "Print the result as one JSON object");
    app.add_flag("-q,--quiet", options.quiet, "Say nothing on stderr but errors");
    app.add_flag("-v,--verbose", options.verbose, "Say more on stderr");
    app.add_flag("--no-input", options.no_input, "Never ask; fail instead");
    app.add_option("--color", options.color, "Colour: auto, always or never")->type_name("WHEN");
    app.add_option("--data-dir", options.places.data_dir, "Where kaisar keeps its files")->type_name("DIR");
    app.add_flag("--system", options.places.system, "Keep the files in /var/lib/kaisar");
    app.add_option("--config", options.places.config, "Configuration file")->type_name("FILE");
    app.add_option("--network", options.places.network, "Network profile: a name, a file or the portal's URL")
        ->type_name("NAME|URL");
    app.add_option("--timeout", options.timeout_s, "Longest wait for one network answer")
        ->type_name("S")
        ->check(CLI::PositiveNumber);
}

/// Turns SIGINT and SIGTERM into a stop request: a thread waits for them, so that no handler code runs in odd places.
class SignalWatcher {
public:
    SignalWatcher() {
        sigemptyset(&signals_);
        for (int signal : {SIGINT, SIGTERM, wake_up}) sigaddset(&signals_, signal);
        pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
        thread_ = std::thread([this] {
            for (int signal = 0; sigwait(&signals_, &signal) == 0 && signal != wake_up;) source_.request_stop();
        });
    }
    SignalWatcher(const SignalWatcher&) = delete;
    SignalWatcher& operator=(const SignalWatcher&) = delete;
    ~SignalWatcher() {
        pthread_kill(thread_.native_handle(), wake_up);
        thread_.join();
    }
    std::stop_token token() const { return source_.get_token(); }

private:
    static constexpr int wake_up = SIGUSR2;
    sigset_t signals_;
    std::stop_source source_;
    std::thread thread_;
};

/// Fills the places of closed standard streams, or the next file that is opened would get what was meant for stderr.
/// Opened the wrong way round, so that reading and writing them still fail.
void fill_closed_streams() {
    for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(stream, F_GETFD) < 0 && ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            std::abort();
}

int run(Action& action, const GlobalOptions& options) {
    const Places places = resolve_places(options.places);
    const SignalWatcher signals;
    Terminal terminal({options.quiet, options.verbose, options.no_input, options.color, signals.token()});
    const SystemClock clock;
    Context context{options, places, terminal, clock, detect_cpu_features(), signals.token()};
    return action(context);
}

int parse_and_run(int argc, char** argv, GlobalOptions& options) {
    CLI::App app("Turns this machine into a worker of the Kaisar network.", "kaisar");
    app.fallthrough();
    app.get_formatter()->column_width(36);
    bool version = false;
    app.add_flag("--version", version, "Print the version");
    declare_global_options(app, options);
    std::vector<Action> actions(command_table().size());
    std::vector<CLI::App*> commands;
    for (const auto& command : command_table()) {
        auto* declared = app.add_subcommand(std::string(command.name), std::string(command.summary));
        declared->fallthrough();
        command.declare(*declared, actions[commands.size()]);
        commands.push_back(declared);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        write_to_stdout(app.help());
        return 0;
    } catch (const CLI::ParseError& error) {
        throw Error(ErrorKind::usage, error.what(),
                    "kaisar --help lists the commands, kaisar COMMAND --help its options");
    }
    if (version) {
        write_to_stdout(options.json ? version_json(detect_cpu_features()) : version_text());
        return 0;
    }
    for (std::size_t i = 0; i < commands.size(); ++i)
        if (commands[i]->parsed()) return run(actions[i], options);
    throw Error(ErrorKind::usage, "no command given", "kaisar --help lists the commands");
}

} // namespace
} // namespace kaisar

int main(int argc, char** argv) {
    using namespace kaisar;
    GlobalOptions options;
    try {
        fill_closed_streams();
        forbid_core_dumps();
        return parse_and_run(argc, argv, options);
    } catch (const Error& error) {
        return report(error, options);
    } catch (const std::exception& error) {
        return report(Error(ErrorKind::internal, error.what(), "this is a bug; please report it"), options);
    }
}
