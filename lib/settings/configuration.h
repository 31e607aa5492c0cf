/// config.json: what a provider wants every run to know, so that cron lines stay short.
#pragma once

#include "files/files.h"

#include <optional>
#include <string>

namespace kaisar {

struct Configuration {
    /// A profile's file, a name or a portal's address, as --network takes it.
    std::optional<std::string> network;
};

/// Unknown fields are refused, since a misspelt one would be ignored in silence otherwise.
Configuration load_configuration(const Path& path);

} // namespace kaisar
