#include "network/sqlite_store.h"

namespace kaisar::network {
namespace {

StoredWorker read_worker(Statement& row) {
    StoredWorker worker;
    worker.node_id = row.bytes32();
    worker.public_key = row.bytes32();
    worker.name = row.text();
    worker.owner = row.text();
    worker.state = row.number_as<WorkerState>();
    worker.created_at = row.instant();
    worker.changed_at = row.instant();
    return worker;
}

LedgerRecord read_ledger_record(Statement& row) {
    LedgerRecord record;
    record.sequence = row.number();
    record.kind = row.text();
    record.node_id = row.bytes32();
    record.record = row.text();
    record.previous = row.bytes32();
    record.hash = row.bytes32();
    return record;
}

ChallengeRecord read_challenge(Statement& row) {
    ChallengeRecord challenge;
    challenge.node_id = row.bytes32();
    challenge.epoch = row.number();
    challenge.slot = row.number_as<std::uint32_t>();
    challenge.issued_at = row.instant();
    challenge.beacon = row.bytes();
    return challenge;
}

} // namespace

std::string_view name_of(WorkerState state) {
    switch (state) {
    case WorkerState::requested: return "requested";
    case WorkerState::bound: return "bound";
    case WorkerState::peered: return "peered";
    case WorkerState::connected: return "connected";
    case WorkerState::benchmarked: return "benchmarked";
    case WorkerState::registered: return "registered";
    }
    return "unknown";
}

std::optional<StoredWorker> SqliteRecords::find_worker(const Bytes32& node_id) const {
    auto query = connection_.prepare(
        "SELECT node_id, public_key, name, owner, state, created_at, changed_at FROM workers WHERE node_id = ?");
    query.bind(node_id);
    return find_row(query, read_worker);
}

std::vector<StoredWorker> SqliteRecords::workers() const {
    auto query = connection_.prepare(
        "SELECT node_id, public_key, name, owner, state, created_at, changed_at FROM workers ORDER BY rowid");
    return all_rows(query, read_worker);
}

std::optional<std::string> SqliteRecords::find_document(const Bytes32& node_id, std::string_view kind) const {
    auto query = connection_.prepare("SELECT text FROM documents WHERE node_id = ? AND kind = ?");
    query.bind(node_id).bind(kind);
    return find_row(query, [](Statement& row) { return row.text(); });
}

std::optional<LedgerRecord> SqliteRecords::find_last_ledger_record() const {
    auto query = connection_.prepare(
        "SELECT sequence, kind, node_id, record, previous, hash FROM ledger ORDER BY sequence DESC LIMIT 1");
    return find_row(query, read_ledger_record);
}

std::optional<LedgerRecord> SqliteRecords::find_ledger_record(std::string_view kind, const Bytes32& node_id) const {
    auto query = connection_.prepare("SELECT sequence, kind, node_id, record, previous, hash FROM ledger "
                                     "WHERE node_id = ? AND kind = ? ORDER BY sequence DESC LIMIT 1");
    query.bind(node_id).bind(kind);
    return find_row(query, read_ledger_record);
}

std::vector<LedgerRecord> SqliteRecords::ledger_records(std::uint64_t from_sequence, std::size_t limit) const {
    auto query = connection_.prepare("SELECT sequence, kind, node_id, record, previous, hash FROM ledger "
                                     "WHERE sequence >= ? ORDER BY sequence LIMIT ?");
    query.bind(from_sequence).bind(std::uint64_t{limit});
    return all_rows(query, read_ledger_record);
}

std::optional<ChallengeRecord> SqliteRecords::find_last_challenge(const Bytes32& node_id) const {
    auto query = connection_.prepare("SELECT node_id, epoch, slot, issued_at, beacon FROM challenges "
                                     "WHERE node_id = ? ORDER BY epoch DESC, slot DESC LIMIT 1");
    query.bind(node_id);
    return find_row(query, read_challenge);
}

std::optional<ChallengeRecord> SqliteRecords::find_challenge(const SlotKey& key) const {
    auto query = connection_.prepare("SELECT node_id, epoch, slot, issued_at, beacon FROM challenges "
                                     "WHERE node_id = ? AND epoch = ? AND slot = ?");
    query.bind(key.node_id).bind(key.epoch).bind(std::uint64_t{key.slot});
    return find_row(query, read_challenge);
}

void SqliteRecords::insert_worker(const StoredWorker& worker) {
    connection_.prepare("INSERT INTO workers VALUES(?,?,?,?,?,?,?)")
        .bind(worker.node_id)
        .bind(worker.public_key)
        .bind(worker.name)
        .bind(worker.owner)
        .bind(static_cast<std::uint64_t>(worker.state))
        .bind(worker.created_at)
        .bind(worker.changed_at)
        .run();
}

void SqliteRecords::update_worker(const StoredWorker& worker) {
    connection_.prepare("UPDATE workers SET name = ?, owner = ?, state = ?, changed_at = ? WHERE node_id = ?")
        .bind(worker.name)
        .bind(worker.owner)
        .bind(static_cast<std::uint64_t>(worker.state))
        .bind(worker.changed_at)
        .bind(worker.node_id)
        .run();
}

void SqliteRecords::put_document(const Bytes32& node_id, std::string_view kind, std::string_view text) {
    connection_.prepare("INSERT INTO documents VALUES(?,?,?) ON CONFLICT DO UPDATE SET text = excluded.text")
        .bind(node_id)
        .bind(kind)
        .bind(text)
        .run();
}

void SqliteRecords::insert_ledger_record(const LedgerRecord& record) {
    connection_.prepare("INSERT INTO ledger VALUES(?,?,?,?,?,?)")
        .bind(record.sequence)
        .bind(record.kind)
        .bind(record.node_id)
        .bind(record.record)
        .bind(record.previous)
        .bind(record.hash)
        .run();
}

void SqliteRecords::insert_challenge(const ChallengeRecord& challenge) {
    connection_.prepare("INSERT INTO challenges VALUES(?,?,?,?,?)")
        .bind(challenge.node_id)
        .bind(challenge.epoch)
        .bind(std::uint64_t{challenge.slot})
        .bind(challenge.issued_at)
        .bind(challenge.beacon)
        .run();
}

bool SqliteRecords::try_insert_nonce(const Bytes32& public_key, std::string_view nonce, Instant now,
                                     Instant forget_before) {
    connection_.prepare("DELETE FROM nonces WHERE seen_at < ?").bind(forget_before).run();
    auto insert = connection_.prepare("INSERT INTO nonces VALUES(?,?,?) ON CONFLICT DO NOTHING RETURNING 1");
    return insert.bind(public_key).bind(nonce).bind(now).step();
}

} // namespace kaisar::network
