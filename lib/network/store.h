/// What the network remembers: workers, the ledger, challenges, marks, proofs and verdicts.
///
/// The portal and the checkers keep no state of their own. They read and change records inside an operation, which is a
/// function that gets the records: all of its changes are kept, or none when it throws. What write() has returned from
/// is on disk. Opening a store gives a real database; another kind of database is another implementation of these two
/// classes.
#pragma once

#include "bytes/bytes.h"
#include "clock/clock.h"
#include "files/files.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kaisar::network {

/// How far a worker has come on its way to being registered, in this order.
enum class WorkerState : std::uint8_t { requested, bound, peered, connected, benchmarked, registered };

std::string_view name_of(WorkerState state);

struct StoredWorker {
    Bytes32 node_id{};
    Bytes32 public_key{};
    std::string name;
    std::string owner; ///< The owner wallet's address, EIP-55; empty while it is not bound.
    WorkerState state = WorkerState::requested;
    Instant created_at{};
    Instant changed_at{};
};

/// One line of the ledger. `hash` covers `previous` and `record`, so that no line can be changed without changing all
/// later ones.
struct LedgerRecord {
    std::uint64_t sequence = 0;
    std::string kind;
    Bytes32 node_id{};
    std::string record;
    Bytes32 previous{};
    Bytes32 hash{};
};

/// An on-demand challenge: its own T0, and the slot that stands for it in its messages.
struct ChallengeRecord {
    Bytes32 node_id{};
    std::uint64_t epoch = 0;
    std::uint32_t slot = 0;
    Instant issued_at{};
    Bytes beacon;
};

/// What a mark or proof is about. `mode` is the beacon mode: a challenge never takes the place of a scheduled slot.
struct SlotKey {
    Bytes32 node_id{};
    std::uint8_t mode = 0;
    std::uint64_t epoch = 0;
    std::uint32_t slot = 0;
};

/// A mark as one checker received it; `checker` is the id of its key, here and below.
struct MarkRecord {
    Bytes32 checker{};
    SlotKey key;
    std::uint8_t phase = 0;
    Bytes32 hash{};
    Bytes mark;
    Bytes receipt;
};

/// A proof as one checker received it. The bytes are stored once, whoever they came to.
struct ProofRecord {
    Bytes32 checker{};
    Bytes32 hash{};
    SlotKey key;
    std::uint16_t device = 0;
    Instant received_at{};
    Bytes proof;
};

/// One checker's vote about a proof: bound by the commitment, and open once `verdict` is there.
struct BallotRecord {
    Bytes32 checker{};
    Bytes32 proof_hash{};
    SlotKey key;
    std::uint16_t device = 0;
    Bytes32 commitment{};
    Instant committed_at{};
    Bytes verdict; ///< as signed; empty until it is revealed
};

/// What the committee decided about a device's slot, with the figures that points are made of; `verdict` is the one
/// that `checker` signed, which `votes` members of the committee agree with.
struct VerdictRecord {
    Bytes32 checker{};
    Bytes32 proof_hash{};
    SlotKey key;
    std::uint16_t device = 0;
    std::uint8_t device_kind = 0;
    std::uint16_t code = 0;
    std::uint64_t macs = 0;
    std::uint64_t compute_us = 0;
    std::uint64_t held_bytes = 0;
    std::uint64_t hold_us = 0;
    std::uint64_t walk_bytes = 0;
    std::uint64_t walk_us = 0;
    std::uint8_t votes = 1;
    Instant decided_at{};
    Bytes verdict;
};

/// Selects verdicts; what is left empty selects all.
struct VerdictQuery {
    std::optional<std::uint64_t> epoch;
    std::optional<Bytes32> node_id;
    std::optional<std::uint8_t> mode;
    std::size_t limit = 1000;
};

/// Documents about the network itself stand under this id, which is no SHA-256 that anybody will find a key for.
inline constexpr Bytes32 network_wide{};

/// The records as an operation may read them.
class RecordReader {
public:
    virtual ~RecordReader() = default;

    virtual std::optional<StoredWorker> find_worker(const Bytes32& node_id) const = 0;
    /// In the order in which they first came.
    virtual std::vector<StoredWorker> workers() const = 0;
    /// A text kept for a worker under a kind: its request, binding, inventory, report, session, certificate.
    virtual std::optional<std::string> find_document(const Bytes32& node_id, std::string_view kind) const = 0;

    virtual std::optional<LedgerRecord> find_last_ledger_record() const = 0;
    /// The latest of that kind about that worker.
    virtual std::optional<LedgerRecord> find_ledger_record(std::string_view kind, const Bytes32& node_id) const = 0;
    virtual std::vector<LedgerRecord> ledger_records(std::uint64_t from_sequence, std::size_t limit) const = 0;

    /// The worker's latest challenge.
    virtual std::optional<ChallengeRecord> find_last_challenge(const Bytes32& node_id) const = 0;
    virtual std::optional<ChallengeRecord> find_challenge(const SlotKey& key) const = 0;
    virtual std::optional<MarkRecord> find_mark(const Bytes32& checker, const SlotKey& key,
                                                std::uint8_t phase) const = 0;
    /// Scheduled slots of the epoch in which that many checkers had a heartbeat or a compute mark of the worker.
    virtual std::uint64_t count_heard_slots(const Bytes32& node_id, std::uint64_t epoch, std::size_t quorum) const = 0;
    /// Scheduled slots from that epoch on with a compute mark of the worker and no proof of any device.
    virtual std::vector<SlotKey> unproved_slots(const Bytes32& node_id, std::uint64_t from_epoch) const = 0;

    virtual std::optional<ProofRecord> find_proof(const Bytes32& checker, const Bytes32& hash) const = 0;
    virtual std::optional<ProofRecord> find_proof_of(const Bytes32& checker, const SlotKey& key,
                                                     std::uint16_t device) const = 0;
    /// Proofs that a checker (nothing: any) received and has not voted about, oldest first.
    virtual std::vector<ProofRecord> undecided_proofs(const std::optional<Bytes32>& checker,
                                                      std::size_t limit) const = 0;

    virtual std::optional<BallotRecord> find_ballot(const Bytes32& checker, const Bytes32& proof_hash) const = 0;
    /// All votes about that device's slot, in the order of the checkers' ids.
    virtual std::vector<BallotRecord> ballots_of(const SlotKey& key, std::uint16_t device) const = 0;
    /// Votes of a checker (nothing: any) that are not revealed, oldest first.
    virtual std::vector<BallotRecord> sealed_ballots(const std::optional<Bytes32>& checker,
                                                     std::size_t limit) const = 0;
    /// When a checker's vote turned out to be another than the majority's, in the order of time.
    virtual std::vector<Instant> wrong_votes(const Bytes32& checker) const = 0;

    virtual std::optional<VerdictRecord> find_verdict(const Bytes32& proof_hash) const = 0;
    virtual std::optional<VerdictRecord> find_verdict_of(const SlotKey& key, std::uint16_t device) const = 0;
    /// The verdict that was decided last about this worker, in any mode.
    virtual std::optional<VerdictRecord> find_last_verdict(const Bytes32& node_id) const = 0;
    /// Oldest slot first.
    virtual std::vector<VerdictRecord> verdicts(const VerdictQuery& query) const = 0;
};

/// The records as an operation may change them. insert_ throws when the key is taken: look first, in the same
/// operation.
class RecordWriter : public RecordReader {
public:
    virtual void insert_worker(const StoredWorker& worker) = 0;
    virtual void update_worker(const StoredWorker& worker) = 0;
    virtual void put_document(const Bytes32& node_id, std::string_view kind, std::string_view text) = 0;
    virtual void insert_ledger_record(const LedgerRecord& record) = 0;
    virtual void insert_challenge(const ChallengeRecord& challenge) = 0;
    virtual void insert_mark(const MarkRecord& mark) = 0;
    virtual void insert_proof(const ProofRecord& proof) = 0;
    /// The proof counts as voted about from now on.
    virtual void insert_ballot(const BallotRecord& ballot) = 0;
    virtual void reveal_ballot(const Bytes32& checker, const Bytes32& proof_hash, ByteView verdict) = 0;
    /// Once for a checker and a proof, however often it is said.
    virtual void put_wrong_vote(const Bytes32& checker, const Bytes32& proof_hash, Instant at) = 0;
    virtual void drop_wrong_vote(const Bytes32& checker, const Bytes32& proof_hash) = 0;
    virtual void insert_verdict(const VerdictRecord& verdict) = 0;
    /// False when the key has used the nonce since `forget_before`; older nonces are dropped.
    virtual bool try_insert_nonce(const Bytes32& public_key, std::string_view nonce, Instant now,
                                  Instant forget_before) = 0;
};

using WriteOperation = std::function<void(RecordWriter&)>;
using ReadOperation = std::function<void(const RecordReader&)>;

class Store {
public:
    virtual ~Store() = default;
    /// Returns when the operation's changes are on disk; rethrows what the operation threw, and then nothing of it is
    /// kept.
    virtual void write(const WriteOperation& operation) = 0;
    /// Sees every write that had returned when it began.
    virtual void read(const ReadOperation& operation) const = 0;
};

/// Whether the store will be written to, or only looked at beside a running server.
enum class StoreUse { serve, inspect };

/// Opens, or for `serve` makes, the SQLite file; Error(environment) when it is of a version that this program does not
/// know.
std::unique_ptr<Store> open_sqlite_store(const Path& path, StoreUse use);

} // namespace kaisar::network
