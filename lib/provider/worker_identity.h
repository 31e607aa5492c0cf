/// The identity of a registered worker.
#pragma once

#include "identity/did_document.h"
#include "provider/registration.h"

namespace kaisar {

/// What the registration came to, signed. The registration must have its peer.
SignedIdentity make_worker_identity(const RegistrationRecord& record, const NetworkProfile& profile,
                                    const Ed25519Key& node_key);

} // namespace kaisar
