/// The signed messages of PoPW/1 except PROOF: fixed little-endian layouts with one byte string per meaning.
///
/// Decoders return nothing for whatever is not exactly one message: wrong magic, type, version or length, reserved
/// bits, a value outside its list. They do not look at the signature; is_signed_by does.
#pragma once

#include "bytes/bytes.h"
#include "crypto/ed25519.h"
#include "popw_rules/params.h"

#include <optional>

namespace kaisar::popw {

enum class BeaconMode : std::uint8_t { self = 0, committee = 1, drand = 2, on_demand = 3 };
enum class BeaconPhase : std::uint8_t { schedule = 'S', start = 'A', walk = 'B', query = 'C' };
enum class MarkPhase : std::uint8_t { heartbeat = 0, compute = 1, hold = 2, walk = 3 };
enum class MarkStatus : std::uint8_t { ready = 0, busy = 1, degraded = 2 };
enum class DeviceKind : std::uint8_t { cpu = 0, cuda = 1, host_memory = 2, device_memory = 3 };

/// What a checker finds; the numbers are those in VERDICT.
enum class VerdictCode : std::uint16_t {
    ok = 0,
    malformed = 1,
    unknown_node = 2,
    not_active = 3,
    late = 4,
    bad_signature = 5,
    receipt_quorum = 6,
    commit_mismatch = 7,
    path_mismatch = 8,
    tile_mismatch = 9,
    walk_mismatch = 10,
    hold_late = 11,
    limits = 12,
    duplicate = 13,
    params_mismatch = 14,
};

/// As JSON and messages spell it: "tile-mismatch".
std::string_view name_of(VerdictCode code);
/// One sentence for a person.
std::string_view explanation_of(VerdictCode code);
std::optional<VerdictCode> find_verdict_code(std::uint16_t number);

inline constexpr std::size_t header_bytes = 16;
inline constexpr std::size_t signature_bytes = 64;
inline constexpr std::size_t beacon_bytes = 240;
inline constexpr std::size_t receipt_bytes = 200;
inline constexpr std::size_t verdict_bytes = 272;
constexpr std::size_t mark_bytes(std::size_t devices) { return 200 + 80 * devices; }

/// Entropy that its issuer held back until the phase's time.
struct Beacon {
    std::uint32_t network_id = 0;
    BeaconMode mode = BeaconMode::committee;
    BeaconPhase phase = BeaconPhase::start;
    std::uint64_t epoch = 0;
    std::uint32_t slot = 0;
    Bytes32 params_hash{};
    Bytes32 issuer{};  ///< public key
    Bytes32 node_id{}; ///< zero unless on demand
    Bytes32 value{};
    std::uint64_t issued_at_us = 0; ///< since 1970; the T0 of an on-demand challenge, advisory otherwise
    bool operator==(const Beacon&) const = default;
};

/// One device's commitment within a mark.
struct DeviceEntry {
    std::uint16_t index = 0;
    DeviceKind kind = DeviceKind::cpu;
    std::uint8_t shape = 0;  ///< profile id; log2 of the walkers in hold and walk marks
    std::uint32_t count = 0; ///< rounds, or batches
    std::uint64_t pages = 0;
    Bytes32 uid{};
    Bytes32 commit{};
    bool operator==(const DeviceEntry&) const = default;
};

/// A worker's commitment, timed by the checkers' receipts.
struct Mark {
    MarkPhase phase = MarkPhase::heartbeat;
    MarkStatus status = MarkStatus::ready;
    BeaconMode mode = BeaconMode::committee;
    std::uint64_t epoch = 0;
    std::uint32_t slot = 0;
    Bytes32 node_id{};
    Bytes32 previous_mark{}; ///< hash of the slot's preceding mark; zero in heartbeat and compute marks
    Bytes32 beacon_value{};  ///< combined value that the phase ran on
    std::uint64_t committee_bitmap = 0;
    std::vector<DeviceEntry> devices; ///< ascending index
    bool operator==(const Mark&) const = default;

    const DeviceEntry* find_device(std::uint16_t index) const;
};

/// A checker's statement of when it received a mark.
struct Receipt {
    std::uint64_t epoch = 0;
    std::uint32_t slot = 0;
    MarkPhase phase = MarkPhase::heartbeat;
    Bytes32 issuer{};
    Bytes32 mark_hash{};
    std::uint64_t received_us = 0; ///< since T0, on the issuer's clock
    Bytes32 value{};               ///< on demand: the query entropy; zero otherwise
    bool operator==(const Receipt&) const = default;
};

/// A checker's signed finding about one proof.
struct Verdict {
    std::uint64_t epoch = 0;
    std::uint32_t slot = 0;
    std::uint16_t device_index = 0;
    VerdictCode code = VerdictCode::ok;
    Bytes32 node_id{};
    Bytes32 issuer{};
    Bytes32 proof_hash{};
    std::uint64_t macs = 0;
    std::uint64_t compute_us = 0;
    std::uint64_t held_bytes = 0;
    std::uint64_t hold_us = 0;
    std::uint64_t walk_bytes = 0;
    std::uint64_t walk_us = 0;
    Bytes32 salt{};
    bool operator==(const Verdict&) const = default;
};

/// Whether two verdicts say the same about the same proof; the signer and its salt may differ.
bool agrees(const Verdict& one, const Verdict& other);

Bytes encode_beacon(const Beacon& beacon, const Ed25519Key& key);
Bytes encode_mark(const Mark& mark, const Ed25519Key& key);
Bytes encode_receipt(const Receipt& receipt, const Ed25519Key& key);
Bytes encode_verdict(const Verdict& verdict, const Ed25519Key& key);

std::optional<Beacon> decode_beacon(ByteView bytes);
std::optional<Mark> decode_mark(ByteView bytes);
std::optional<Receipt> decode_receipt(ByteView bytes);
std::optional<Verdict> decode_verdict(ByteView bytes);

/// Whether the last 64 bytes are `public_key`'s signature of the rest; for every message type, PROOF included.
bool is_signed_by(ByteView message, const Bytes32& public_key);

/// node_id of a worker and checker_id of a checker: SHA-256 of the Ed25519 public key.
Bytes32 id_of_key(const Bytes32& public_key);

/// Hashes of whole encoded messages, signature included.
Bytes32 mark_hash(ByteView encoded_mark);
Bytes32 proof_hash(ByteView encoded_proof);
/// What a checker publishes before it reveals its verdict; the salt inside keeps it from being guessed.
Bytes32 verdict_commitment(ByteView encoded_verdict);

/// Message types as the header's fifth byte gives them.
enum class MessageType : std::uint8_t { beacon = 1, mark = 2, receipt = 3, proof = 4, verdict = 5 };

/// The first 16 bytes of a message of that length.
Bytes encode_header(MessageType type, std::size_t total_bytes);
/// The rest of the message after its header, without the signature; nothing unless header and length are right.
std::optional<ByteView> find_body(ByteView message, MessageType type);
/// Appends the signature over everything that stands in `message`.
void append_signature(Bytes& message, MessageType type, const Ed25519Key& key);

} // namespace kaisar::popw
