// What belongs to slots: marks, proofs, votes and verdicts. Rows are read in the order of the schema's columns.
#include "network/sqlite_store.h"

#include <limits>

namespace kaisar::network {
namespace {

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

MarkRecord read_mark(Statement& row) {
    MarkRecord mark;
    mark.checker = row.bytes32();
    mark.key = read_key(row);
    mark.phase = row.number_as<std::uint8_t>();
    mark.hash = row.bytes32();
    mark.mark = row.bytes();
    mark.receipt = row.bytes();
    return mark;
}

ProofRecord read_proof(Statement& row) {
    ProofRecord proof;
    proof.checker = row.bytes32();
    proof.hash = row.bytes32();
    proof.key = read_key(row);
    proof.device = row.number_as<std::uint16_t>();
    proof.received_at = row.instant();
    proof.proof = row.bytes();
    return proof;
}

BallotRecord read_ballot(Statement& row) {
    row.number();
    BallotRecord ballot;
    ballot.checker = row.bytes32();
    ballot.proof_hash = row.bytes32();
    ballot.key = read_key(row);
    ballot.device = row.number_as<std::uint16_t>();
    ballot.commitment = row.bytes32();
    ballot.committed_at = row.instant();
    ballot.verdict = row.bytes();
    return ballot;
}

VerdictRecord read_verdict(Statement& row) {
    VerdictRecord verdict;
    verdict.checker = row.bytes32();
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
    verdict.votes = row.number_as<std::uint8_t>();
    verdict.decided_at = row.instant();
    verdict.verdict = row.bytes();
    return verdict;
}

} // namespace

std::optional<MarkRecord> SqliteRecords::find_mark(const Bytes32& checker, const SlotKey& key,
                                                   std::uint8_t phase) const {
    auto query = connection_.prepare("SELECT * FROM marks WHERE node_id = ? AND mode = ? AND epoch = ? AND slot = ? "
                                     "AND phase = ? AND checker = ?");
    bind_key(query, key).bind(std::uint64_t{phase}).bind(checker);
    return find_row(query, read_mark);
}

std::uint64_t SqliteRecords::count_heard_slots(const Bytes32& node_id, std::uint64_t epoch, std::size_t quorum) const {
    auto query = connection_.prepare(
        "SELECT count(*) FROM (SELECT slot FROM marks WHERE node_id = ? AND mode = 1 AND epoch = ? AND phase <= 1 "
        "GROUP BY slot HAVING count(DISTINCT checker) >= ?)");
    query.bind(node_id).bind(epoch).bind(std::uint64_t{quorum});
    return query.step() ? query.number() : 0;
}

std::vector<SlotKey> SqliteRecords::unproved_slots(const Bytes32& node_id, std::uint64_t from_epoch) const {
    auto query = connection_.prepare(
        "SELECT DISTINCT node_id, mode, epoch, slot FROM marks WHERE node_id = ? AND mode = 1 AND epoch >= ? "
        "AND phase = 1 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.node_id = marks.node_id "
        "AND deliveries.mode = marks.mode AND deliveries.epoch = marks.epoch AND deliveries.slot = marks.slot) "
        "ORDER BY epoch, slot");
    query.bind(node_id).bind(from_epoch);
    return all_rows(query, read_key);
}

std::optional<ProofRecord> SqliteRecords::find_proof(const Bytes32& checker, const Bytes32& hash) const {
    auto query = connection_.prepare("SELECT * FROM received_proofs WHERE hash = ? AND checker = ?");
    query.bind(hash).bind(checker);
    return find_row(query, read_proof);
}

std::optional<ProofRecord> SqliteRecords::find_proof_of(const Bytes32& checker, const SlotKey& key,
                                                        std::uint16_t device) const {
    auto query = connection_.prepare("SELECT * FROM received_proofs WHERE node_id = ? AND mode = ? AND epoch = ? "
                                     "AND slot = ? AND device = ? AND checker = ?");
    bind_key(query, key).bind(std::uint64_t{device}).bind(checker);
    return find_row(query, read_proof);
}

std::vector<ProofRecord> SqliteRecords::undecided_proofs(const std::optional<Bytes32>& checker,
                                                         std::size_t limit) const {
    auto query = checker ? connection_.prepare("SELECT * FROM received_proofs WHERE undecided = 1 AND checker = ? "
                                               "ORDER BY number LIMIT ?")
                         : connection_.prepare("SELECT * FROM received_proofs WHERE undecided = 1 "
                                               "ORDER BY number LIMIT ?");
    if (checker) query.bind(*checker);
    query.bind(std::uint64_t{limit});
    return all_rows(query, read_proof);
}

std::optional<BallotRecord> SqliteRecords::find_ballot(const Bytes32& checker, const Bytes32& proof_hash) const {
    auto query = connection_.prepare("SELECT * FROM ballots WHERE proof_hash = ? AND checker = ?");
    query.bind(proof_hash).bind(checker);
    return find_row(query, read_ballot);
}

std::vector<BallotRecord> SqliteRecords::ballots_of(const SlotKey& key, std::uint16_t device) const {
    auto query = connection_.prepare("SELECT * FROM ballots WHERE node_id = ? AND mode = ? AND epoch = ? AND slot = ? "
                                     "AND device = ? ORDER BY checker");
    bind_key(query, key).bind(std::uint64_t{device});
    return all_rows(query, read_ballot);
}

std::vector<BallotRecord> SqliteRecords::sealed_ballots(const std::optional<Bytes32>& checker,
                                                        std::size_t limit) const {
    auto query =
        checker
            ? connection_.prepare("SELECT * FROM ballots WHERE verdict = x'' AND checker = ? ORDER BY number LIMIT ?")
            : connection_.prepare("SELECT * FROM ballots WHERE verdict = x'' ORDER BY number LIMIT ?");
    if (checker) query.bind(*checker);
    query.bind(std::uint64_t{limit});
    return all_rows(query, read_ballot);
}

std::vector<Instant> SqliteRecords::wrong_votes(const Bytes32& checker) const {
    auto query = connection_.prepare("SELECT at FROM wrong_votes WHERE checker = ? ORDER BY at");
    query.bind(checker);
    return all_rows(query, [](Statement& row) { return row.instant(); });
}

std::optional<VerdictRecord> SqliteRecords::find_verdict(const Bytes32& proof_hash) const {
    auto query = connection_.prepare("SELECT * FROM verdicts WHERE proof_hash = ?");
    query.bind(proof_hash);
    return find_row(query, read_verdict);
}

std::optional<VerdictRecord> SqliteRecords::find_verdict_of(const SlotKey& key, std::uint16_t device) const {
    auto query = connection_.prepare("SELECT * FROM verdicts WHERE node_id = ? AND mode = ? AND epoch = ? AND slot = ? "
                                     "AND device = ?");
    bind_key(query, key).bind(std::uint64_t{device});
    return find_row(query, read_verdict);
}

std::optional<VerdictRecord> SqliteRecords::find_last_verdict(const Bytes32& node_id) const {
    auto query =
        connection_.prepare("SELECT * FROM verdicts WHERE node_id = ? ORDER BY epoch DESC, decided_at DESC LIMIT 1");
    query.bind(node_id);
    return find_row(query, read_verdict);
}

std::vector<VerdictRecord> SqliteRecords::verdicts(const VerdictQuery& query) const {
    auto rows = query.node_id
                    ? connection_.prepare("SELECT * FROM verdicts WHERE epoch BETWEEN ? AND ? AND mode BETWEEN ? AND ? "
                                          "AND node_id = ? ORDER BY epoch, slot, device LIMIT ?")
                    : connection_.prepare("SELECT * FROM verdicts WHERE epoch BETWEEN ? AND ? AND mode BETWEEN ? AND ? "
                                          "ORDER BY epoch, slot, node_id, device LIMIT ?");
    rows.bind(query.epoch.value_or(0)).bind(query.epoch.value_or(std::numeric_limits<std::int64_t>::max()));
    rows.bind(std::uint64_t{query.mode.value_or(0)}).bind(std::uint64_t{query.mode.value_or(255)});
    if (query.node_id) rows.bind(*query.node_id);
    rows.bind(std::uint64_t{query.limit});
    return all_rows(rows, read_verdict);
}

void SqliteRecords::insert_mark(const MarkRecord& mark) {
    auto insert = connection_.prepare("INSERT INTO marks VALUES(?,?,?,?,?,?,?,?,?)");
    insert.bind(mark.checker);
    bind_key(insert, mark.key).bind(std::uint64_t{mark.phase}).bind(mark.hash).bind(mark.mark).bind(mark.receipt).run();
}

void SqliteRecords::insert_proof(const ProofRecord& proof) {
    connection_.prepare("INSERT INTO proofs VALUES(?,?) ON CONFLICT DO NOTHING")
        .bind(proof.hash)
        .bind(proof.proof)
        .run();
    auto insert = connection_.prepare(
        "INSERT INTO deliveries(checker, hash, node_id, mode, epoch, slot, device, received_at, undecided) "
        "VALUES(?,?,?,?,?,?,?,?,1)");
    insert.bind(proof.checker).bind(proof.hash);
    bind_key(insert, proof.key).bind(std::uint64_t{proof.device}).bind(proof.received_at).run();
}

void SqliteRecords::insert_ballot(const BallotRecord& ballot) {
    auto insert = connection_.prepare("INSERT INTO ballots(checker, proof_hash, node_id, mode, epoch, slot, device, "
                                      "commitment, committed_at, verdict) "
                                      "VALUES(?,?,?,?,?,?,?,?,?,?)");
    insert.bind(ballot.checker).bind(ballot.proof_hash);
    bind_key(insert, ballot.key)
        .bind(std::uint64_t{ballot.device})
        .bind(ballot.commitment)
        .bind(ballot.committed_at)
        .bind(ballot.verdict)
        .run();
    connection_.prepare("UPDATE deliveries SET undecided = 0 WHERE hash = ? AND checker = ?")
        .bind(ballot.proof_hash)
        .bind(ballot.checker)
        .run();
}

void SqliteRecords::reveal_ballot(const Bytes32& checker, const Bytes32& proof_hash, ByteView verdict) {
    connection_.prepare("UPDATE ballots SET verdict = ? WHERE proof_hash = ? AND checker = ?")
        .bind(verdict)
        .bind(proof_hash)
        .bind(checker)
        .run();
}

void SqliteRecords::put_wrong_vote(const Bytes32& checker, const Bytes32& proof_hash, Instant at) {
    connection_.prepare("INSERT INTO wrong_votes VALUES(?,?,?) ON CONFLICT DO NOTHING")
        .bind(checker)
        .bind(proof_hash)
        .bind(at)
        .run();
}

void SqliteRecords::drop_wrong_vote(const Bytes32& checker, const Bytes32& proof_hash) {
    connection_.prepare("DELETE FROM wrong_votes WHERE checker = ? AND proof_hash = ?")
        .bind(checker)
        .bind(proof_hash)
        .run();
}

void SqliteRecords::insert_verdict(const VerdictRecord& verdict) {
    auto insert = connection_.prepare("INSERT INTO verdicts VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    insert.bind(verdict.checker).bind(verdict.proof_hash);
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
        .bind(std::uint64_t{verdict.votes})
        .bind(verdict.decided_at)
        .bind(verdict.verdict)
        .run();
}

} // namespace kaisar::network
