#include "network/sqlite_store.h"

#include <limits>

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

SlotKey read_key(Statement& row) {
    SlotKey key;
    key.node_id = row.bytes32();
    key.mode = row.number_as<std::uint8_t>();
    key.epoch = row.number();
    key.slot = row.number_as<std::uint32_t>();
    return key;
}

Statement& bind_key(Statement& statement, const SlotKey& key) {
    return statement.bind(key.node_id).bind(std::uint64_t{key.mode}).bind(key.epoch).bind(std::uint64_t{key.slot});
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

MarkRecord read_mark(Statement& row) {
    MarkRecord mark;
    mark.key = read_key(row);
    mark.phase = row.number_as<std::uint8_t>();
    mark.hash = row.bytes32();
    mark.mark = row.bytes();
    mark.receipt = row.bytes();
    return mark;
}

ProofRecord read_proof(Statement& row) {
    ProofRecord proof;
    proof.hash = row.bytes32();
    proof.key = read_key(row);
    proof.device = row.number_as<std::uint16_t>();
    proof.received_at = row.instant();
    proof.proof = row.bytes();
    return proof;
}

VerdictRecord read_verdict(Statement& row) {
    VerdictRecord verdict;
    verdict.proof_hash = row.bytes32();
    verdict.key = read_key(row);
    verdict.device = row.number_as<std::uint16_t>();
    verdict.device_kind = row.number_as<std::uint8_t>();
    verdict.code = row.number_as<std::uint16_t>();
    verdict.macs = row.number();
    verdict.compute_us = row.number();
    verdict.held_bytes = row.number();
    verdict.hold_us = row.number();
    verdict.walk_bytes = row.number();
    verdict.walk_us = row.number();
    verdict.decided_at = row.instant();
    verdict.verdict = row.bytes();
    return verdict;
}

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

std::optional<MarkRecord> SqliteRecords::find_mark(const SlotKey& key, std::uint8_t phase) const {
    auto query = connection_.prepare("SELECT node_id, mode, epoch, slot, phase, hash, mark, receipt FROM marks "
                                     "WHERE node_id = ? AND mode = ? AND epoch = ? AND slot = ? AND phase = ?");
    bind_key(query, key).bind(std::uint64_t{phase});
    return find_row(query, read_mark);
}

std::uint64_t SqliteRecords::count_heard_slots(const Bytes32& node_id, std::uint64_t epoch) const {
    auto query = connection_.prepare(
        "SELECT count(DISTINCT slot) FROM marks WHERE node_id = ? AND mode = 1 AND epoch = ? AND phase <= 1");
    query.bind(node_id).bind(epoch);
    return query.step() ? query.number() : 0;
}

std::vector<SlotKey> SqliteRecords::unproved_slots(const Bytes32& node_id, std::uint64_t from_epoch) const {
    auto query = connection_.prepare(
        "SELECT node_id, mode, epoch, slot FROM marks WHERE node_id = ? AND mode = 1 AND epoch >= ? AND phase = 1 "
        "AND NOT EXISTS (SELECT 1 FROM proofs WHERE proofs.node_id = marks.node_id AND proofs.mode = marks.mode "
        "AND proofs.epoch = marks.epoch AND proofs.slot = marks.slot) ORDER BY epoch, slot");
    query.bind(node_id).bind(from_epoch);
    return all_rows(query, read_key);
}

std::optional<ProofRecord> SqliteRecords::find_proof(const Bytes32& hash) const {
    auto query = connection_.prepare(
        "SELECT hash, node_id, mode, epoch, slot, device, received_at, proof FROM proofs WHERE hash = ?");
    query.bind(hash);
    return find_row(query, read_proof);
}

std::optional<ProofRecord> SqliteRecords::find_proof_of(const SlotKey& key, std::uint16_t device) const {
    auto query = connection_.prepare("SELECT hash, node_id, mode, epoch, slot, device, received_at, proof FROM proofs "
                                     "WHERE node_id = ? AND mode = ? AND epoch = ? AND slot = ? AND device = ?");
    bind_key(query, key).bind(std::uint64_t{device});
    return find_row(query, read_proof);
}

std::vector<ProofRecord> SqliteRecords::undecided_proofs(std::size_t limit) const {
    auto query = connection_.prepare("SELECT hash, node_id, mode, epoch, slot, device, received_at, proof FROM proofs "
                                     "WHERE undecided = 1 ORDER BY number LIMIT ?");
    query.bind(std::uint64_t{limit});
    return all_rows(query, read_proof);
}

std::optional<VerdictRecord> SqliteRecords::find_verdict(const Bytes32& proof_hash) const {
    auto query = connection_.prepare(
        "SELECT proof_hash, node_id, mode, epoch, slot, device, device_kind, code, macs, compute_us, "
        "held_bytes, hold_us, walk_bytes, walk_us, decided_at, verdict FROM verdicts WHERE proof_hash = ?");
    query.bind(proof_hash);
    return find_row(query, read_verdict);
}

std::optional<VerdictRecord> SqliteRecords::find_last_verdict(const Bytes32& node_id) const {
    auto query = connection_.prepare(
        "SELECT proof_hash, node_id, mode, epoch, slot, device, device_kind, code, macs, compute_us, "
        "held_bytes, hold_us, walk_bytes, walk_us, decided_at, verdict FROM verdicts "
        "WHERE node_id = ? ORDER BY epoch DESC, decided_at DESC LIMIT 1");
    query.bind(node_id);
    return find_row(query, read_verdict);
}

std::vector<VerdictRecord> SqliteRecords::verdicts(const VerdictQuery& query) const {
    auto rows = query.node_id
                    ? connection_.prepare(
                          "SELECT proof_hash, node_id, mode, epoch, slot, device, device_kind, code, macs, "
                          "compute_us, held_bytes, hold_us, walk_bytes, walk_us, decided_at, verdict FROM verdicts "
                          "WHERE epoch BETWEEN ? AND ? AND mode BETWEEN ? AND ? AND node_id = ? "
                          "ORDER BY epoch, slot, device LIMIT ?")
                    : connection_.prepare(
                          "SELECT proof_hash, node_id, mode, epoch, slot, device, device_kind, code, macs, "
                          "compute_us, held_bytes, hold_us, walk_bytes, walk_us, decided_at, verdict FROM verdicts "
                          "WHERE epoch BETWEEN ? AND ? AND mode BETWEEN ? AND ? "
                          "ORDER BY epoch, slot, node_id, device LIMIT ?");
    rows.bind(query.epoch.value_or(0)).bind(query.epoch.value_or(std::numeric_limits<std::int64_t>::max()));
    rows.bind(std::uint64_t{query.mode.value_or(0)}).bind(std::uint64_t{query.mode.value_or(255)});
    if (query.node_id) rows.bind(*query.node_id);
    rows.bind(std::uint64_t{query.limit});
    return all_rows(rows, read_verdict);
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

void SqliteRecords::insert_mark(const MarkRecord& mark) {
    auto insert = connection_.prepare("INSERT INTO marks VALUES(?,?,?,?,?,?,?,?)");
    bind_key(insert, mark.key).bind(std::uint64_t{mark.phase}).bind(mark.hash).bind(mark.mark).bind(mark.receipt).run();
}

void SqliteRecords::insert_proof(const ProofRecord& proof) {
    auto insert = connection_.prepare(
        "INSERT INTO proofs(hash, node_id, mode, epoch, slot, device, received_at, proof, undecided) "
        "VALUES(?,?,?,?,?,?,?,?,1)");
    insert.bind(proof.hash);
    bind_key(insert, proof.key).bind(std::uint64_t{proof.device}).bind(proof.received_at).bind(proof.proof).run();
}

void SqliteRecords::insert_verdict(const VerdictRecord& verdict) {
    auto insert = connection_.prepare("INSERT INTO verdicts VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    insert.bind(verdict.proof_hash);
    bind_key(insert, verdict.key)
        .bind(std::uint64_t{verdict.device})
        .bind(std::uint64_t{verdict.device_kind})
        .bind(std::uint64_t{verdict.code})
        .bind(verdict.macs)
        .bind(verdict.compute_us)
        .bind(verdict.held_bytes)
        .bind(verdict.hold_us)
        .bind(verdict.walk_bytes)
        .bind(verdict.walk_us)
        .bind(verdict.decided_at)
        .bind(verdict.verdict)
        .run();
    connection_.prepare("UPDATE proofs SET undecided = 0 WHERE hash = ?").bind(verdict.proof_hash).run();
}

bool SqliteRecords::try_insert_nonce(const Bytes32& public_key, std::string_view nonce, Instant now,
                                     Instant forget_before) {
    connection_.prepare("DELETE FROM nonces WHERE seen_at < ?").bind(forget_before).run();
    auto insert = connection_.prepare("INSERT INTO nonces VALUES(?,?,?) ON CONFLICT DO NOTHING RETURNING 1");
    return insert.bind(public_key).bind(nonce).bind(now).step();
}

} // namespace kaisar::network
