#include "network_options.h"

#include "error/error.h"

#include <cstdlib>
#include <fmt/format.h>

namespace kaisar::network {
namespace {

constexpr std::string_view sqlite_prefix = "sqlite:";

Path default_data_dir() {
    // The XDG specification says to ignore relative paths.
    if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && state[0] == '/')
        return Path(state) / "kaisar-network";
    if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/')
        return Path(home) / ".local/state/kaisar-network";
    throw Error(ErrorKind::usage, "no place for the network's files: HOME is not set", "name one with --data-dir DIR");
}

} // namespace

NetworkFiles resolve_files(const NetworkOptions& options) {
    NetworkFiles files{.data_dir = options.data_dir.empty() ? default_data_dir() : Path(options.data_dir), .store = {}};
    if (options.chain != "embedded")
        throw Error(ErrorKind::usage,
                    fmt::format("--chain {}: this version keeps its ledger in the store only", options.chain),
                    "give --chain embedded, or leave it out");
    if (options.store.empty())
        files.store = files.data_dir / "network.db";
    else if (options.store.starts_with(sqlite_prefix) && options.store.size() > sqlite_prefix.size())
        files.store = options.store.substr(sqlite_prefix.size());
    else
        throw Error(ErrorKind::usage,
                    fmt::format("--store {}: this version keeps its records in SQLite only", options.store),
                    "give --store sqlite:FILE");
    return files;
}

} // namespace kaisar::network
