/// A worker's identity as files have it: to be written to the chain from another machine, and as it was last seen
/// there.
#pragma once

#include "clock/clock.h"
#include "files/files.h"
#include "identity/did_document.h"

#include <optional>

namespace kaisar {

inline constexpr std::size_t identity_json_limit_bytes = 16384;

/// `kaisar.identity/1`.
std::string encode_identity(const SignedIdentity& signed_identity);
/// Error(refused) when the node key did not sign it; `name` is what messages call the text.
SignedIdentity decode_identity(std::string_view json, const std::string& name);

/// What the chain was seen to say of this worker.
struct SeenIdentity {
    std::string did;
    std::uint64_t chain_id = 0; ///< of the DID, which need not be the registry's
    Bytes32 document_hash{};    ///< SHA-256 of the document
    Instant seen_at{};

    bool operator==(const SeenIdentity&) const = default;
};

SeenIdentity make_seen_identity(const SignedIdentity& signed_identity, std::uint64_t chain_id, Instant seen_at);

/// identity.json; nothing when there is no such file.
std::optional<SeenIdentity> find_seen_identity(const Path& path);
void save_seen_identity(const Path& path, const SeenIdentity& seen);

} // namespace kaisar
