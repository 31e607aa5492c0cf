/// PROOF, the one message that is sent per device and slot: the marks, beacons and receipts that fix it, the round
/// roots and the openings that the query asked for.
#pragma once

#include "popw_rules/messages.h"

#include <string>

namespace kaisar::popw {

/// One opened tile: the hash of its leaf and the siblings from leaf to root. The tile itself is recomputed by the
/// verifier.
struct TileOpening {
    Bytes32 leaf{};
    std::vector<Bytes32> siblings;
    bool operator==(const TileOpening&) const = default;
};

struct ComputePart {
    std::vector<Bytes32> roots; ///< one per round
    std::vector<TileOpening> openings;
    bool operator==(const ComputePart&) const = default;
};

/// 128 walkers' end values and the siblings up to their batch's root.
struct WalkOpening {
    ByteArray<1024> ends{};
    std::vector<Bytes32> siblings;
    bool operator==(const WalkOpening&) const = default;
};

struct MemoryPart {
    DeviceKind kind = DeviceKind::host_memory;
    std::uint8_t walkers_log2 = 0;
    std::uint32_t hold_batches = 0;
    std::uint64_t pages = 0;
    std::vector<Bytes32> roots; ///< one per batch
    std::vector<WalkOpening> openings;
    bool operator==(const MemoryPart&) const = default;
};

/// Marks, beacons and receipts are kept as the bytes that were signed.
struct Proof {
    std::uint64_t epoch = 0;
    std::uint32_t slot = 0;
    std::uint16_t device_index = 0;
    Bytes32 node_id{};
    std::vector<Bytes> marks;
    std::vector<Bytes> beacons;
    std::vector<Bytes> receipts;
    std::optional<ComputePart> compute;
    std::optional<MemoryPart> memory;
    bool operator==(const Proof&) const = default;
};

/// Outcome of decoding a PROOF: its code is ok, malformed or limits, and `detail` says which field is at fault.
struct DecodedProof {
    VerdictCode code = VerdictCode::malformed;
    std::string detail;
    Proof proof;
    std::vector<Mark> marks; ///< decoded, in the proof's order
};

/// What names a proof, readable before anything is known about its network.
struct ProofIdentity {
    std::uint64_t epoch = 0;
    std::uint32_t slot = 0;
    std::uint16_t device_index = 0;
    Bytes32 node_id{};
};

Bytes encode_proof(const Proof& proof, const Ed25519Key& key);

/// Sizes follow from the marks inside and the constants, never from the sender's counts alone.
DecodedProof decode_proof(ByteView bytes, const Params& params);

/// The identity fields of something that has a PROOF's header and length; the rest is not looked at.
std::optional<ProofIdentity> find_proof_identity(ByteView bytes);

/// Tile openings that a proof of that mode carries.
std::uint32_t tile_openings(const Params& params, BeaconMode mode);

} // namespace kaisar::popw
