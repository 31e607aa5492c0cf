/// The JSON texts that belong to no command: the version and a failure.
#pragma once

#include "error/error.h"
#include "hardware/cpu_features.h"

#include <string>

namespace kaisar {

/// `kaisar.version/1`.
std::string version_json(CpuFeatures features);

/// `kaisar.error/1`: what --json prints on stdout instead of a result.
std::string error_json(const Error& error);

/// For people: "kaisar 0.1.0 (commit, compiler)".
std::string version_text();

} // namespace kaisar
