/// Which network this run talks to, and over what.
#pragma once

#include "client/portal_client.h"
#include "command.h"
#include "settings/data_directory.h"
#include "settings/network_profile.h"
#include "workloads/job.h"

#include <functional>

namespace kaisar {

/// --network, else the network that this worker registered with, else the configuration's. A profile's file is taken as
/// it is; of a portal's address the profile is fetched and its keys are shown to be trusted, once.
NetworkProfile resolve_network(Context& context, Transport& transport);

/// What the conversations of this run share.
Connection make_connection(const Context& context, Transport& transport);

/// How bench opens its line to the peer of the registration; empty where this machine is not registered.
std::function<NetworkLine()> find_peer_line(const Context& context);

/// Processors that this process may use, at least one.
unsigned usable_threads();

} // namespace kaisar
