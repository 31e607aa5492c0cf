#include "status/status.h"
#include "command.h"
#include "error/error.h"
#include "network.h"
#include "report_json.h"
#include "status/support_bundle.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace kaisar {
namespace {

struct Options {
    bool offline = false;
    bool watch = false;
    std::string format = "text";
    std::string support_bundle;
};

constexpr std::chrono::seconds watch_interval{5};

std::string emphasise(const Terminal& terminal, EarningVerdict verdict, std::string_view word) {
    switch (verdict) {
    case EarningVerdict::earning: return terminal.styled_result(Style::good, word);
    case EarningVerdict::degraded: return terminal.styled_result(Style::warning, word);
    case EarningVerdict::not_earning:
    case EarningVerdict::unregistered: return terminal.styled_result(Style::bad, word);
    case EarningVerdict::unknown: break;
    }
    return terminal.styled_result(Style::strong, word);
}

int show(const Options& options, const WorkerStatus& status, Context& context) {
    if (context.options.json || options.format == "json") {
        context.terminal.print_result(status_json(status));
    } else if (options.format == "prometheus") {
        context.terminal.print_result(status_prometheus(status));
    } else if (options.format == "nagios") {
        const auto [line, code] = status_nagios(status);
        context.terminal.print_result(line);
        return code;
    } else {
        context.terminal.print_result(status_text(status, [&](EarningVerdict verdict, std::string_view word) {
            return emphasise(context.terminal, verdict, word);
        }));
    }
    return 0;
}

int run(const Options& options, Context& context) {
    const DataDirectory directory(context.places.data_dir);
    const auto transport = make_curl_transport();
    const auto connection = make_connection(context, *transport);
    const auto reach = options.offline ? StatusReach::offline : StatusReach::online;
    if (!options.support_bundle.empty()) {
        const auto status = status_json(detect_status(directory, connection, reach));
        save_file(options.support_bundle, make_support_bundle(directory, version_json(context.cpu), status));
        context.terminal.say(
            fmt::format("{} holds what helps to find a fault, and no key: look through it before you send it.",
                        options.support_bundle));
        return 0;
    }
    for (;;) {
        const int code = show(options, detect_status(directory, connection, reach), context);
        if (!options.watch) return code;
        if (!context.clock.sleep_until(context.clock.now() + watch_interval, context.stop)) return code;
    }
}

} // namespace

void declare_status(CLI::App& command, Action& action) {
    auto options = std::make_shared<Options>();
    command.add_flag("--offline", options->offline, "Look at this machine's files only");
    command.add_flag("--watch", options->watch, "Look again every five seconds until interrupted");
    command.add_option("--format", options->format, "text, json, prometheus or nagios")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"text", "json", "prometheus", "nagios"}));
    command
        .add_option("--support-bundle", options->support_bundle,
                    "Write what helps to find a fault into FILE, without keys")
        ->type_name("FILE");
    action = [options](Context& context) { return run(*options, context); };
}

} // namespace kaisar
