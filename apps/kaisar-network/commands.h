/// The commands of kaisar-network: each declares its options and leaves what it does in `action`, which gives the exit
/// code.
#pragma once

#include "network_options.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

namespace kaisar::network {

using Action = std::function<int()>;

/// `options` holds the shared ones and outlives the action.
void declare_serve(CLI::App& app, const NetworkOptions& options, Action& action);
void declare_deploy(CLI::App& app, const NetworkOptions& options, Action& action);
void declare_points(CLI::App& app, const NetworkOptions& options, Action& action);
void declare_workers(CLI::App& app, const NetworkOptions& options, Action& action);
void declare_verdicts(CLI::App& app, const NetworkOptions& options, Action& action);
void declare_checkers(CLI::App& app, const NetworkOptions& options, Action& action);
void declare_audit(CLI::App& app, const NetworkOptions& options, Action& action);

/// Result on stdout; Error(environment) when it cannot be written.
void write_result(const std::string& text);

} // namespace kaisar::network
