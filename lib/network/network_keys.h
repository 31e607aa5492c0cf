/// The secrets of a network that runs on one machine: whoever has them can speak for its portal and its checkers.
#pragma once

#include "crypto/ed25519.h"
#include "files/files.h"

#include <vector>

namespace kaisar::network {

struct CheckerKeys {
    Ed25519Key signing; ///< signs beacons, receipts and verdicts
    Secret beacons;     ///< the entropy that this checker times phases with
};

struct NetworkKeys {
    Ed25519Key portal;                 ///< signs plans, certificates, answers and schedule words
    std::vector<CheckerKeys> checkers; ///< at least one
    Secret schedule;                   ///< decides which slots are active

    /// The first checker is also the peer that workers connect to when they register.
    const Ed25519Key& peer() const { return checkers.front().signing; }
};

/// As many as a mark's bitmap of members has bits.
inline constexpr std::size_t checker_limit = 64;

/// Loads the keys, or makes them for that many checkers where the file is missing. Error(environment) when others may
/// read the file or it is torn.
NetworkKeys load_or_make_network_keys(const Path& path, std::size_t checkers = 1);

/// As above, and Error(environment) where the file is missing.
NetworkKeys load_network_keys(const Path& path);

} // namespace kaisar::network
