#include "places.h"

#include "error/error.h"

#include <cstdlib>

namespace kaisar {
namespace {

/// An absolute path from the environment; the XDG specification says to ignore relative ones.
std::optional<Path> find_directory(const char* variable) {
    const char* value = std::getenv(variable);
    if (value == nullptr || value[0] != '/') return std::nullopt;
    return Path(value);
}

Path resolve_data_dir(const PlaceOptions& options) {
    if (!options.data_dir.empty()) return options.data_dir;
    if (options.system) return "/var/lib/kaisar";
    if (const char* value = std::getenv("KAISAR_DATA_DIR"); value != nullptr && *value != '\0') return value;
    if (auto state = find_directory("XDG_STATE_HOME")) return *state / "kaisar";
    if (auto home = find_directory("HOME")) return *home / ".local/state/kaisar";
    throw Error(ErrorKind::usage, "no place for kaisar's files: HOME is not set",
                "name one with --data-dir, or use --system");
}

std::optional<Path> find_config(const PlaceOptions& options) {
    if (!options.config.empty()) return options.config;
    auto config_home = find_directory("XDG_CONFIG_HOME");
    if (!config_home)
        if (auto home = find_directory("HOME")) config_home = *home / ".config";
    std::error_code ignored;
    if (config_home && std::filesystem::exists(*config_home / "kaisar/config.json", ignored))
        return *config_home / "kaisar/config.json";
    if (std::filesystem::exists("/etc/kaisar/config.json", ignored)) return "/etc/kaisar/config.json";
    return std::nullopt;
}

} // namespace

Places resolve_places(const PlaceOptions& options) {
    return {.data_dir = resolve_data_dir(options), .config = find_config(options), .network = options.network};
}

} // namespace kaisar
