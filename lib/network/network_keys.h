/// The secrets of a network that runs on one machine: whoever has them can speak for its portal and its checker.
#pragma once

#include "crypto/ed25519.h"
#include "files/files.h"

namespace kaisar::network {

struct NetworkKeys {
    Ed25519Key portal;  ///< signs plans, certificates, answers and schedule words
    Ed25519Key checker; ///< signs beacons, receipts and verdicts, and is the key of the peer
    Secret beacons;     ///< the entropy that phases are timed with
    Secret schedule;    ///< decides which slots are active
};

/// Loads the keys, or makes them where the file is missing. Error(environment) when others may read it or it is torn.
NetworkKeys load_or_make_network_keys(const Path& path);

/// As above, and Error(environment) where the file is missing.
NetworkKeys load_network_keys(const Path& path);

} // namespace kaisar::network
