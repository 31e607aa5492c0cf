/// What the configuration allows a proof on this machine.
#pragma once

#include "command.h"
#include "settings/configuration.h"

namespace kaisar {

/// Of the configuration file; the defaults where there is none.
OwnerLimits load_owner_limits(const Context& context);

/// Processors that this process may use and the owner allows, at least one.
unsigned allowed_threads(const OwnerLimits& limits);

} // namespace kaisar
