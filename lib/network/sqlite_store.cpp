#include "network/sqlite_store.h"

#include "error/error.h"

#include <condition_variable>
#include <exception>
#include <fmt/format.h>
#include <mutex>
#include <sqlite3.h>
#include <thread>

namespace kaisar::network {
namespace {

/// Marks the file as ours (PRAGMA application_id): "KSNW".
constexpr std::uint64_t application_id = 0x4b534e57;
constexpr std::uint64_t schema_version = 2;
/// More operations than this wait for the next COMMIT, so that no single one takes noticeably long.
constexpr std::size_t group_limit = 512;
/// Readers beyond this many wait for one another; more than the processors that serve them gains nothing.
constexpr std::size_t reader_limit = 8;
/// How long one connection waits for another process (`audit` beside `serve`) before it fails.
constexpr int busy_timeout_ms = 5000;

const char* const schema = R"(
CREATE TABLE workers(node_id BLOB PRIMARY KEY, public_key BLOB NOT NULL, name TEXT NOT NULL, owner TEXT NOT
  NULL, state INTEGER NOT NULL, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL);
CREATE TABLE documents(node_id BLOB NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY(node_id,
  kind)) WITHOUT ROWID;
CREATE TABLE ledger(sequence INTEGER PRIMARY KEY, kind TEXT NOT NULL, node_id BLOB NOT NULL, record TEXT NOT
  NULL, previous BLOB NOT NULL UNIQUE, hash BLOB NOT NULL UNIQUE);
CREATE INDEX ledger_by_node ON ledger(node_id, kind);
CREATE TABLE challenges(node_id BLOB NOT NULL, epoch INTEGER NOT NULL, slot INTEGER NOT NULL, issued_at INTEGER
  NOT NULL, beacon BLOB NOT NULL, PRIMARY KEY(node_id, epoch, slot)) WITHOUT ROWID;
CREATE TABLE marks(checker BLOB NOT NULL, node_id BLOB NOT NULL, mode INTEGER NOT NULL, epoch INTEGER NOT
  NULL, slot INTEGER NOT NULL, phase INTEGER NOT NULL, hash BLOB NOT NULL, mark BLOB NOT NULL, receipt BLOB NOT
  NULL, PRIMARY KEY(node_id, mode, epoch, slot, phase, checker)) WITHOUT ROWID;
CREATE TABLE proofs(hash BLOB PRIMARY KEY, proof BLOB NOT NULL);
CREATE TABLE deliveries(number INTEGER PRIMARY KEY, checker BLOB NOT NULL, hash BLOB NOT NULL REFERENCES
  proofs(hash), node_id BLOB NOT NULL, mode INTEGER NOT NULL, epoch INTEGER NOT NULL, slot INTEGER NOT NULL,
  device INTEGER NOT NULL, received_at INTEGER NOT NULL, undecided INTEGER NOT NULL, UNIQUE(node_id, mode, epoch,
  slot, device, checker), UNIQUE(hash, checker));
CREATE INDEX undecided_deliveries ON deliveries(checker, number) WHERE undecided = 1;
CREATE VIEW received_proofs AS SELECT checker, hash, node_id, mode, epoch, slot, device, received_at, proof, undecided,
  number FROM deliveries JOIN proofs USING(hash);
CREATE TABLE ballots(number INTEGER PRIMARY KEY, checker BLOB NOT NULL, proof_hash BLOB NOT NULL, node_id BLOB NOT
  NULL, mode INTEGER NOT NULL, epoch INTEGER NOT NULL, slot INTEGER NOT NULL, device INTEGER NOT NULL, commitment
  BLOB NOT NULL, committed_at INTEGER NOT NULL, verdict BLOB NOT NULL, UNIQUE(proof_hash, checker));
CREATE INDEX ballots_by_slot ON ballots(node_id, mode, epoch, slot, device, checker);
CREATE INDEX sealed_ballots ON ballots(checker, number) WHERE verdict = x'';
CREATE TABLE wrong_votes(checker BLOB NOT NULL, proof_hash BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY
  KEY(checker, proof_hash)) WITHOUT ROWID;
CREATE TABLE verdicts(checker BLOB NOT NULL, proof_hash BLOB PRIMARY KEY REFERENCES proofs(hash), node_id BLOB NOT
  NULL, mode INTEGER NOT NULL, epoch INTEGER NOT NULL, slot INTEGER NOT NULL, device INTEGER NOT NULL, device_kind
  INTEGER NOT NULL, code INTEGER NOT NULL, macs INTEGER NOT NULL, compute_us INTEGER NOT NULL, held_bytes INTEGER
  NOT NULL, hold_us INTEGER NOT NULL, walk_bytes INTEGER NOT NULL, walk_us INTEGER NOT NULL, votes INTEGER NOT
  NULL, decided_at INTEGER NOT NULL, verdict BLOB NOT NULL, UNIQUE(node_id, mode, epoch, slot, device));
CREATE TABLE nonces(public_key BLOB NOT NULL, nonce TEXT NOT NULL, seen_at INTEGER NOT NULL, PRIMARY
  KEY(public_key, nonce)) WITHOUT ROWID;
CREATE INDEX nonces_by_age ON nonces(seen_at);
CREATE INDEX verdicts_by_slot ON verdicts(epoch, slot, node_id);
CREATE INDEX verdicts_by_node ON verdicts(node_id, epoch, slot);
)";

[[noreturn]] void fail(sqlite3* database, std::string_view doing) {
    const auto code = sqlite3_errcode(database);
    throw Error(ErrorKind::environment, fmt::format("the store: {}: {}", doing, sqlite3_errmsg(database)),
                code == SQLITE_FULL || code == SQLITE_IOERR ? "free some space on the disk that holds it" : "");
}

/// Brings a new file to the schema and refuses one that this program does not know.
void prepare_schema(Connection& connection, const Path& path, StoreUse use) {
    const auto id = connection.query_number("PRAGMA application_id");
    const auto version = connection.query_number("PRAGMA user_version");
    const auto tables = connection.query_number("SELECT count(*) FROM sqlite_master");
    if (id == application_id && version == schema_version) return;
    if (id == application_id)
        throw Error(ErrorKind::environment,
                    fmt::format("{} has store version {}, this program knows version {}", path.string(), version,
                                schema_version),
                    "use the kaisar-network that wrote it, or name another file with --store sqlite:FILE");
    if (tables != 0 || id != 0 || use == StoreUse::inspect)
        throw Error(ErrorKind::environment, fmt::format("{} is not a store of kaisar-network", path.string()),
                    "name another file with --store sqlite:FILE");
    connection.execute("BEGIN IMMEDIATE");
    connection.execute(schema);
    connection.execute(
        fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", application_id, schema_version).c_str());
    connection.execute("COMMIT");
}

struct PendingWrite {
    const WriteOperation* operation;
    std::exception_ptr failure;
    bool done = false;
};

class SqliteStore final : public Store {
public:
    SqliteStore(const Path& path, StoreUse use)
        : path_(path), use_(use), connection_(path, use), records_(connection_) {
        prepare_schema(connection_, path, use);
        if (use == StoreUse::serve) writer_ = std::jthread([this](std::stop_token stop) { run_writer(stop); });
    }
    ~SqliteStore() override {
        if (!writer_.joinable()) return;
        writer_.request_stop();
        writer_.join();
    }

    void write(const WriteOperation& operation) override {
        check(use_ == StoreUse::serve, "a store opened to be inspected is not written to");
        PendingWrite pending{&operation, nullptr};
        std::unique_lock lock(mutex_);
        queue_.push_back(&pending);
        if (queue_.size() == 1) arrived_.notify_one();
        finished_.wait(lock, [&] { return pending.done; });
        if (pending.failure) std::rethrow_exception(pending.failure);
    }

    void read(const ReadOperation& operation) const override {
        auto connection = take_reader();
        try {
            connection->execute("BEGIN"); // one snapshot for the whole operation
            operation(SqliteRecords(*connection));
            connection->execute("COMMIT");
        } catch (...) {
            return_reader(nullptr);
            throw;
        }
        return_reader(std::move(connection));
    }

private:
    /// Group commit: whatever arrived while the last COMMIT was being made durable shares the next one.
    void run_writer(std::stop_token stop) {
        while (true) {
            std::vector<PendingWrite*> group;
            {
                std::unique_lock lock(mutex_);
                arrived_.wait(lock, stop, [&] { return !queue_.empty(); });
                if (queue_.empty()) return;
                const auto taken = std::min(queue_.size(), group_limit);
                group.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(taken));
                queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(taken));
            }
            commit(group);
            {
                std::lock_guard lock(mutex_);
                for (auto* pending : group) pending->done = true;
            }
            finished_.notify_all();
        }
    }

    void commit(const std::vector<PendingWrite*>& group) {
        try {
            connection_.execute("BEGIN IMMEDIATE");
            for (auto* pending : group) run_in_savepoint(*pending);
            connection_.execute("COMMIT");
        } catch (...) {
            for (auto* pending : group) pending->failure = std::current_exception();
            connection_.rollback();
        }
    }

    void run_in_savepoint(PendingWrite& pending) {
        connection_.execute("SAVEPOINT operation");
        try {
            (*pending.operation)(records_);
        } catch (...) {
            pending.failure = std::current_exception();
            connection_.execute("ROLLBACK TO operation");
        }
        connection_.execute("RELEASE operation");
    }

    std::unique_ptr<Connection> take_reader() const {
        std::unique_lock lock(mutex_);
        reader_free_.wait(lock, [&] { return !readers_.empty() || reader_count_ < reader_limit; });
        if (!readers_.empty()) {
            auto connection = std::move(readers_.back());
            readers_.pop_back();
            return connection;
        }
        ++reader_count_;
        lock.unlock();
        try {
            return std::make_unique<Connection>(path_, StoreUse::inspect);
        } catch (...) {
            return_reader(nullptr);
            throw;
        }
    }

    /// A connection whose operation failed is not used again: nullptr gives back only its place.
    void return_reader(std::unique_ptr<Connection> connection) const {
        {
            std::lock_guard lock(mutex_);
            if (connection)
                readers_.push_back(std::move(connection));
            else
                --reader_count_;
        }
        reader_free_.notify_one();
    }

    Path path_;
    StoreUse use_;
    Connection connection_;
    SqliteRecords records_;
    mutable std::mutex mutex_;
    std::condition_variable_any arrived_;
    std::condition_variable finished_;
    std::vector<PendingWrite*> queue_;
    mutable std::condition_variable reader_free_;
    mutable std::vector<std::unique_ptr<Connection>> readers_;
    mutable std::size_t reader_count_ = 0;
    std::jthread writer_;
};

} // namespace

Statement::~Statement() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

void Statement::require_ok(int result) const {
    if (result != SQLITE_OK) fail(database_, "a value cannot be bound");
}

// The bound memory must outlive the statement's use: every caller binds records that it holds on to.
Statement& Statement::bind(ByteView bytes) {
    // A null pointer would bind NULL where an empty blob is meant.
    require_ok(sqlite3_bind_blob64(statement_, ++bound_, bytes.empty() ? "" : static_cast<const void*>(bytes.data()),
                                   bytes.size(), SQLITE_STATIC));
    return *this;
}

Statement& Statement::bind(std::string_view text) {
    require_ok(sqlite3_bind_text64(statement_, ++bound_, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                                   SQLITE_UTF8));
    return *this;
}

Statement& Statement::bind(std::uint64_t number) {
    require_ok(sqlite3_bind_int64(statement_, ++bound_, static_cast<sqlite3_int64>(number)));
    return *this;
}

Statement& Statement::bind(Instant instant) {
    return bind(static_cast<std::uint64_t>(instant.time_since_epoch().count()));
}

bool Statement::step() {
    column_ = 0;
    const auto result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) fail(database_, sqlite3_sql(statement_));
    return false;
}

Bytes Statement::bytes() {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column_++));
    return size == 0 ? Bytes{} : Bytes(data, data + size);
}

std::string Statement::text() {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column_++));
    return size == 0 ? std::string{} : std::string(data, size);
}

std::uint64_t Statement::number() { return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column_++)); }

Connection::Connection(const Path& path, StoreUse use) : path_(path) {
    const int flags = (use == StoreUse::serve ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) |
                      SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path.c_str(), &database_, flags, nullptr) != SQLITE_OK) {
        const std::string reason = sqlite3_errmsg(database_);
        sqlite3_close(database_);
        throw Error(ErrorKind::environment, fmt::format("{} cannot be opened: {}", path.string(), reason),
                    use == StoreUse::inspect
                        ? "start kaisar-network serve with this --store first, or name the file that it uses"
                        : "name a file in a directory that this user may write to, with --store sqlite:FILE");
    }
    sqlite3_busy_timeout(database_, busy_timeout_ms);
    try {
        if (use == StoreUse::serve) execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
        execute("PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON");
    } catch (...) {
        sqlite3_close(database_);
        throw;
    }
}

Connection::~Connection() {
    for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(database_);
}

void Connection::execute(const char* sql) {
    if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(database_, path_.string());
}

void Connection::rollback() noexcept { sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr); }

Statement Connection::prepare(const char* sql) {
    auto& statement = statements_[sql];
    if (!statement &&
        sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
        fail(database_, sql);
    return Statement(database_, statement);
}

std::uint64_t Connection::query_number(const char* sql) {
    auto statement = prepare(sql);
    return statement.step() ? statement.number() : 0;
}

std::unique_ptr<Store> open_sqlite_store(const Path& path, StoreUse use) {
    return std::make_unique<SqliteStore>(path, use);
}

} // namespace kaisar::network
