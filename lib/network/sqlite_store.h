/// SQLite as the store's implementation sees it: a connection, its statements and the records on top of them.
#pragma once

#include "network/store.h"

#include <map>

struct sqlite3;
struct sqlite3_stmt;

namespace kaisar::network {

/// One use of a prepared statement: bind in order, step, read columns in order. Reset when it goes out of scope.
class Statement {
public:
    Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement();

    Statement& bind(ByteView bytes);
    Statement& bind(std::string_view text);
    Statement& bind(std::uint64_t number);
    Statement& bind(Instant instant);

    /// True when there is a row to read.
    bool step();
    /// Steps a statement that yields no rows.
    void run() { step(); }

    Bytes bytes();
    Bytes32 bytes32() { return array_of<32>(bytes()); }
    std::string text();
    std::uint64_t number();
    template <class Integer>
    Integer number_as() {
        return static_cast<Integer>(number());
    }
    Instant instant() { return Instant(std::chrono::microseconds(static_cast<std::int64_t>(number()))); }

private:
    void require_ok(int result) const;

    sqlite3* database_;
    sqlite3_stmt* statement_;
    int bound_ = 0;
    int column_ = 0;
};

/// One database connection, used by one thread at a time.
class Connection {
public:
    Connection(const Path& path, StoreUse use);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// Runs SQL that takes nothing and gives nothing.
    void execute(const char* sql);
    /// Gives up the open transaction, if SQLite has not done so already.
    void rollback() noexcept;
    /// `sql` is a literal: statements are prepared once per literal.
    Statement prepare(const char* sql);
    std::uint64_t query_number(const char* sql);

private:
    Path path_;
    sqlite3* database_ = nullptr;
    std::map<const char*, sqlite3_stmt*> statements_;
};

template <class Read>
auto find_row(Statement& statement, Read read) -> std::optional<decltype(read(statement))> {
    if (!statement.step()) return std::nullopt;
    return read(statement);
}

template <class Read>
auto all_rows(Statement& statement, Read read) {
    std::vector<decltype(read(statement))> rows;
    while (statement.step()) rows.push_back(read(statement));
    return rows;
}

class SqliteRecords final : public RecordWriter {
public:
    explicit SqliteRecords(Connection& connection) : connection_(connection) {}

    std::optional<StoredWorker> find_worker(const Bytes32& node_id) const override;
    std::vector<StoredWorker> workers() const override;
    std::optional<std::string> find_document(const Bytes32& node_id, std::string_view kind) const override;
    std::optional<LedgerRecord> find_last_ledger_record() const override;
    std::optional<LedgerRecord> find_ledger_record(std::string_view kind, const Bytes32& node_id) const override;
    std::vector<LedgerRecord> ledger_records(std::uint64_t from_sequence, std::size_t limit) const override;
    std::optional<ChallengeRecord> find_last_challenge(const Bytes32& node_id) const override;
    std::optional<ChallengeRecord> find_challenge(const SlotKey& key) const override;
    std::optional<MarkRecord> find_mark(const Bytes32& checker, const SlotKey& key, std::uint8_t phase) const override;
    std::uint64_t count_heard_slots(const Bytes32& node_id, std::uint64_t epoch, std::size_t quorum) const override;
    std::vector<SlotKey> unproved_slots(const Bytes32& node_id, std::uint64_t from_epoch) const override;
    std::optional<ProofRecord> find_proof(const Bytes32& checker, const Bytes32& hash) const override;
    std::optional<ProofRecord> find_proof_of(const Bytes32& checker, const SlotKey& key,
                                             std::uint16_t device) const override;
    std::vector<ProofRecord> undecided_proofs(const std::optional<Bytes32>& checker, std::size_t limit) const override;
    std::optional<BallotRecord> find_ballot(const Bytes32& checker, const Bytes32& proof_hash) const override;
    std::vector<BallotRecord> ballots_of(const SlotKey& key, std::uint16_t device) const override;
    std::vector<BallotRecord> sealed_ballots(const std::optional<Bytes32>& checker, std::size_t limit) const override;
    std::vector<Instant> wrong_votes(const Bytes32& checker) const override;
    std::optional<VerdictRecord> find_verdict(const Bytes32& proof_hash) const override;
    std::optional<VerdictRecord> find_verdict_of(const SlotKey& key, std::uint16_t device) const override;
    std::optional<VerdictRecord> find_last_verdict(const Bytes32& node_id) const override;
    std::vector<VerdictRecord> verdicts(const VerdictQuery& query) const override;

    void insert_worker(const StoredWorker& worker) override;
    void update_worker(const StoredWorker& worker) override;
    void put_document(const Bytes32& node_id, std::string_view kind, std::string_view text) override;
    void insert_ledger_record(const LedgerRecord& record) override;
    void insert_challenge(const ChallengeRecord& challenge) override;
    void insert_mark(const MarkRecord& mark) override;
    void insert_proof(const ProofRecord& proof) override;
    void insert_ballot(const BallotRecord& ballot) override;
    void reveal_ballot(const Bytes32& checker, const Bytes32& proof_hash, ByteView verdict) override;
    void put_wrong_vote(const Bytes32& checker, const Bytes32& proof_hash, Instant at) override;
    void drop_wrong_vote(const Bytes32& checker, const Bytes32& proof_hash) override;
    void insert_verdict(const VerdictRecord& verdict) override;
    bool try_insert_nonce(const Bytes32& public_key, std::string_view nonce, Instant now,
                          Instant forget_before) override;

private:
    Connection& connection_;
};

} // namespace kaisar::network
