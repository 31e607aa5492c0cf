/// kaisar-network: the network side. From words to options to work to a result and an exit code.
#include "build_facts.h"
#include "commands.h"
#include "crypto/secret.h"
#include "error/error.h"
#include "reports_json.h"

#include <cstdio>
#include <fmt/format.h>

namespace kaisar::network {
namespace {

struct Command {
    const char* name;
    const char* summary;
    void (*declare)(CLI::App& app, const NetworkOptions& options, Action& action);
};

constexpr Command command_table[] = {
    {"serve", "Run portal, checkers and ledger in one process", declare_serve},
    {"deploy", "Make a registry on an EVM chain", declare_deploy},
    {"points", "Show what every worker earned in an epoch, and from what", declare_points},
    {"workers", "List the workers", declare_workers},
    {"verdicts", "List verdicts", declare_verdicts},
    {"checkers", "List the checkers, their wrong votes and bans", declare_checkers},
    {"audit", "Verify all proofs again, derive all points again, follow the ledger", declare_audit},
};

int parse_and_run(int argc, char** argv, NetworkOptions& options) {
    CLI::App app("Runs a network that Kaisar workers register with and prove their work to.", "kaisar-network");
    app.fallthrough();
    bool version = false;
    app.add_flag("--version", version, "Print the version");
    app.add_flag("--json", options.json, "Print the result as one JSON object");
    app.add_option("--data-dir", options.data_dir, "Where the network keeps its keys and its store")->type_name("DIR");
    app.add_option("--store", options.store, "The store: sqlite:FILE (DIR/network.db by default)")->type_name("STORE");
    app.add_option("--chain", options.chain, "The ledger: embedded, or evm:URL")->type_name("CHAIN");
    std::vector<Action> actions(std::size(command_table));
    std::vector<CLI::App*> commands;
    for (const auto& command : command_table) {
        auto* declared = app.add_subcommand(command.name, command.summary);
        declared->fallthrough();
        command.declare(*declared, options, actions[commands.size()]);
        commands.push_back(declared);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        write_result(app.help());
        return 0;
    } catch (const CLI::ParseError& error) {
        throw Error(ErrorKind::usage, error.what(),
                    "kaisar-network --help lists the commands, kaisar-network COMMAND --help its options");
    }
    if (version) {
        write_result(options.json
                         ? version_report()
                         : fmt::format("kaisar-network {} ({}, {})", build_version, build_commit, build_compiler));
        return 0;
    }
    for (std::size_t i = 0; i < commands.size(); ++i)
        if (commands[i]->parsed()) return actions[i]();
    throw Error(ErrorKind::usage, "no command given", "kaisar-network --help lists the commands");
}

int report(const Error& error, const NetworkOptions& options) {
    if (options.json) std::printf("%s\n", error_report(error).c_str());
    std::fputs(fmt::format("kaisar-network: {}\n", error.message()).c_str(), stderr);
    if (!error.hint().empty()) std::fputs(fmt::format("  {}\n", error.hint()).c_str(), stderr);
    return static_cast<int>(error.kind());
}

} // namespace

void write_result(const std::string& text) {
    const bool has_newline = text.ends_with('\n');
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        (!has_newline && std::fputc('\n', stdout) == EOF) || std::fflush(stdout) != 0)
        throw Error(ErrorKind::environment, "the result cannot be written to stdout",
                    "look at what stdout is connected to");
}

} // namespace kaisar::network

int main(int argc, char** argv) {
    using namespace kaisar;
    network::NetworkOptions options;
    try {
        forbid_core_dumps();
        return network::parse_and_run(argc, argv, options);
    } catch (const Error& error) {
        return network::report(error, options);
    } catch (const std::exception& error) {
        return network::report(Error(ErrorKind::internal, error.what(), "this is a bug; please report it"), options);
    }
}
