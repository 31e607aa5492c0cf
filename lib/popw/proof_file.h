/// `.kpw`: a proof with everything that is needed to verify it again, in one file.
#pragma once

#include "popw/verifier.h"

namespace kaisar::popw {

inline constexpr std::size_t proof_file_limit_bytes = message_limit_bytes + 16384;

struct ProofFile {
    Params params;
    std::uint32_t network_id = 0;
    Bytes32 node_key{};
    Bytes32 schedule_issuer{};
    std::vector<Bytes32> committee; ///< public keys in committee order
    std::size_t quorum = 0;         ///< zero only without a committee, in mode self
    Bytes proof;
    bool operator==(const ProofFile&) const = default;
};

Bytes encode_proof_file(const ProofFile& file);

/// Nothing unless the bytes are one well-formed file of a version that is known here; the PROOF inside is not looked
/// at.
std::optional<ProofFile> decode_proof_file(ByteView bytes);

/// Verifies against the keys inside the file: the caller decides whether it trusts those.
Verification verify_proof_file(const ProofFile& file, const Primitives& primitives);

/// `<epoch>-<slot>-<device>.kpw`
std::string proof_file_name(const ProofIdentity& identity);

} // namespace kaisar::popw
