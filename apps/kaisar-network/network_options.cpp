#include "network_options.h"

#include "error/error.h"

#include <cstdlib>
#include <fmt/format.h>

namespace kaisar::network {
namespace {

constexpr std::string_view sqlite_prefix = "sqlite:";
constexpr std::size_t params_file_limit_bytes = 64 * 1024;

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
    if (options.chain != "embedded" && !options.chain.starts_with(evm_prefix))
        throw Error(ErrorKind::usage, fmt::format("--chain {}: there is no such ledger", options.chain),
                    "give embedded, or evm: and the chain's RPC address");
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

popw::Params parse_params(const std::string& text) {
    if (const auto known = popw::find_params(text)) return *known;
    const auto content = find_file(text, params_file_limit_bytes);
    const auto decoded = content ? popw::decode_params(*content) : std::nullopt;
    if (decoded) return *decoded;
    std::string names;
    for (const auto& name : popw::params_names()) names += (names.empty() ? "" : ", ") + std::string(name);
    throw Error(
        ErrorKind::usage,
        fmt::format("--params {}: neither a set of constants that is known here nor a file that holds one", text),
        fmt::format("the sets are: {}", names));
}

} // namespace kaisar::network
