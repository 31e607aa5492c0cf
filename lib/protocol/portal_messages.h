/// What worker and portal say to each other during registration, as structs; docs/protocol.md gives the JSON of each.
#pragma once

#include "bytes/bytes.h"
#include "clock/clock.h"
#include "crypto/ed25519.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kaisar {

/// Step 2. The portal knows the request by its node id: the same one again changes nothing.
struct RegistrationRequest {
    std::string name;
    Bytes32 node_public_key{};
    /// The canonical JSON of hardware::Inventory and its hash, which the owner signs.
    std::string inventory;
    Bytes32 inventory_hash{};
    /// What is offered to the network: "cpu", "memory", "cuda:0", …
    std::vector<std::string> claims;
    std::string boot_id;
};

struct RegistrationAnswer {
    std::string request_id;
    std::string state;
};

/// Step 6: what the chain assigned.
struct PeerRecord {
    Bytes32 id{};
    std::string endpoint;
    Bytes32 public_key{};
    Instant expires_at{};
};

struct PeerAnswer {
    Bytes32 transaction_hash{};
    PeerRecord peer;
};

/// Step 7, first message: the worker's nonce.
struct SessionOpening {
    Bytes32 node_id{};
    Bytes32 peer_id{};
    Bytes32 nonce{};
};

/// The peer's nonce and its signature over session_transcript("peer", …).
struct SessionOffer {
    std::string session_id;
    Bytes32 nonce{};
    Signature64 signature{};
};

/// The worker's signature over session_transcript("worker", …).
struct SessionProof {
    Signature64 signature{};
};

/// One exchange of the round-trip measurement: `answer` = SHA-256("kaisar/1/rtt" || nonce); the peer keeps the smallest
/// time.
struct RttAnswer {
    Bytes32 answer{};
};

struct RttStep {
    Bytes32 nonce{};
    bool is_done = false;
    std::chrono::microseconds rtt{0};
};

/// What the peer signs (`side` "peer") and what the worker signs back (`side` "worker").
Bytes session_transcript(std::string_view side, const SessionOpening& opening, const SessionOffer& offer);

Bytes32 rtt_answer(const Bytes32& nonce);

/// What a worker draws its committee of an epoch from.
struct CommitteeRoster {
    std::uint64_t epoch = 0;
    Bytes32 day_value{};
    std::vector<Bytes32> eligible; ///< public keys of the checkers that get tasks in it
};

/// Step 8: an on-demand PoPW challenge and the workloads that the peer wants to see beside it.
struct BenchmarkJob {
    std::string job_id;
    /// A BEACON message of phase A in mode 3.
    Bytes beacon;
    std::vector<std::string> workloads;
};

/// Step 9.
struct BenchmarkResult {
    std::string job_id;
    Bytes32 proof_hash{};
    /// The `kaisar.bench/1` document.
    std::string report;
};

/// Figures that checkers verified; all else is a claim.
struct AttestedFigures {
    std::uint64_t macs_per_s = 0;
    std::uint64_t walk_bytes_per_s = 0;
    std::uint64_t held_bytes = 0;
    std::uint64_t rtt_us = 0;
};

struct ClaimedFigures {
    std::uint64_t cores = 0;
    std::uint64_t memory_bytes = 0;
    std::uint64_t disk_bytes = 0;
    std::uint64_t gpus = 0;
};

struct BenchmarkAnswer {
    AttestedFigures attested;
    ClaimedFigures claimed;
    /// Verdict code and issuer of each checker that judged the proof.
    std::vector<std::pair<std::uint16_t, Bytes32>> verdicts;
};

/// One line of where points come from.
struct PointsLine {
    std::string what;
    std::string attested;
    std::string tier;
    /// Millionths of a point.
    std::uint64_t micro_points = 0;
};

/// What the portal knows of a worker, for `kaisar status`.
struct WorkerRecord {
    Bytes32 node_id{};
    /// requested, bound, peered, connected, benchmarked, registered.
    std::string state;
    std::string owner;
    AttestedFigures attested;
    std::uint64_t epoch = 0;
    std::uint32_t slot = 0;
    /// Parts per million of the epoch's slots in which the worker was heard.
    std::uint64_t availability_ppm = 0;
    std::uint64_t micro_points = 0;
    std::vector<PointsLine> points_lines;
    /// Millionths of a point over all closed epochs.
    std::uint64_t total_micro_points = 0;
    std::optional<Instant> last_proof_at;
    std::optional<std::uint16_t> last_verdict;
    std::uint32_t strikes = 0;
    /// The portal's clock when it answered.
    Instant now{};
};

/// The body of every answer that is not a success.
struct PortalFailure {
    /// Stable, for scripts: "binding-expired".
    std::string code;
    std::string message;
    std::string hint;
};

} // namespace kaisar
