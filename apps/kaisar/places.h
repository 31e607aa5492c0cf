/// Where this run keeps and finds its files: the one place that reads the environment for it.
#pragma once

#include "files/files.h"

#include <optional>
#include <string>

namespace kaisar {

struct PlaceOptions {
    std::string data_dir;
    bool system = false;
    std::string config;
    std::string network;
};

struct Places {
    /// --data-dir, else /var/lib/kaisar with --system, else KAISAR_DATA_DIR, else XDG_STATE_HOME/kaisar, else
    /// ~/.local/state/kaisar.
    Path data_dir;
    /// --config, else the first that exists of XDG_CONFIG_HOME/kaisar/config.json (~/.config by default) and
    /// /etc/kaisar/config.json.
    std::optional<Path> config;
    /// --network as given; empty when it was not.
    std::string network;
};

/// Throws Error(usage) when nothing says where the data directory is.
Places resolve_places(const PlaceOptions& options);

} // namespace kaisar
