/// What a worker has to know of a network before it talks to it: where the portal is and which keys speak for it.
#pragma once

#include "bytes/bytes.h"
#include "files/files.h"

#include <cstdint>
#include <string>
#include <vector>

namespace kaisar {

struct CheckerEntry {
    std::string url;
    Bytes32 public_key{};
};

struct NetworkProfile {
    std::string name;
    /// Goes into every PoPW message, so that a proof for one network is worth nothing in another.
    std::uint32_t network_id = 0;
    std::string portal_url;
    Bytes32 portal_key{};
    std::vector<CheckerEntry> checkers; ///< the first one is the peer that registrations go through
    /// How many of them watch one worker in one epoch.
    std::size_t committee_size = 1;
    /// The ledger of record: "embedded" or the RPC address of an EVM chain.
    std::string chain;
    std::uint64_t chain_id = 0;
    /// The registry's account on that chain, part of what an owner signs.
    ByteArray<20> registry{};
    std::string params_name;
    /// The canonical encoding of popw::Params; its hash is part of every seed.
    Bytes params;
};

/// `kaisar.network-profile/1`.
std::string encode_network_profile(const NetworkProfile& profile);

/// `name` is what error messages call the text.
NetworkProfile decode_network_profile(std::string_view text, const std::string& name);

NetworkProfile load_network_profile(const Path& path);
void save_network_profile(const Path& path, const NetworkProfile& profile);

} // namespace kaisar
