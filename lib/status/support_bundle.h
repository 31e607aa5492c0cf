/// One file that a provider can send to whoever helps: what is needed to understand this worker, and no secret.
#pragma once

#include "settings/data_directory.h"

#include <string>

namespace kaisar {

/// `kaisar.support-bundle/1`: the given version and status documents, the files of the data directory that hold no
/// secret (inventory, registration, network profile, certificate), the end of each setup log, and the names in the
/// outbox. The node key and the wallet are never opened. What cannot be read stands there with the reason.
std::string make_support_bundle(const DataDirectory& directory, std::string_view version_json,
                                std::string_view status_json);

} // namespace kaisar
