#include "error/error.h"
#include "temporary_store.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace kaisar;
using namespace kaisar::network;

namespace {

StoredWorker worker(std::uint8_t number) {
    return {.node_id = filled(number),
            .public_key = filled(static_cast<std::uint8_t>(number + 100)),
            .name = fmt::format("w{}", number),
            .owner = "",
            .state = WorkerState::requested,
            .created_at = Instant(std::chrono::seconds(1'700'000'000)),
            .changed_at = Instant(std::chrono::seconds(1'700'000'000))};
}

ProofRecord proof(std::uint8_t number) {
    return {.checker = filled(200),
            .hash = filled(number),
            .key = {.node_id = filled(1), .mode = 1, .epoch = 7, .slot = number},
            .device = 0,
            .received_at = Instant(std::chrono::seconds(number)),
            .proof = Bytes(1000, number)};
}

/// A row per number, from as many threads at once as there are; every acknowledged number is written to `acknowledged`.
[[noreturn]] void write_until_killed(const Path& path, int acknowledged) {
    const auto store = open_sqlite_store(path, StoreUse::serve);
    std::atomic<std::uint32_t> next = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            while (true) {
                const std::uint32_t number = next++;
                store->write([&](RecordWriter& records) {
                    records.put_document(filled(1), fmt::format("n/{}", number), std::to_string(number));
                });
                if (::write(acknowledged, &number, sizeof number) != sizeof number) ::_exit(1);
            }
        });
    for (auto& thread : threads) thread.join();
    ::_exit(0);
}

/// Kills the writing process after so many acknowledgements; those that were on their way count as well.
std::vector<std::uint32_t> numbers_acknowledged_before_kill(const Path& path, std::size_t acknowledgements) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::close(pipe_ends[0]);
        write_until_killed(path, pipe_ends[1]);
    }
    ::close(pipe_ends[1]);
    std::vector<std::uint32_t> numbers;
    std::uint32_t number = 0;
    while (::read(pipe_ends[0], &number, sizeof number) == sizeof number) {
        numbers.push_back(number);
        if (numbers.size() == acknowledgements) ::kill(child, SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    ::close(pipe_ends[0]);
    return numbers;
}

} // namespace

TEST_CASE("no acknowledged write is lost when the process is killed under load") {
    const TemporaryDirectory directory;
    const auto path = directory / "network.db";
    for (const std::size_t acknowledgements : {50u, 333u, 1000u}) {
        const auto numbers = numbers_acknowledged_before_kill(path, acknowledgements);
        const auto store = open_sqlite_store(path, StoreUse::serve);
        std::size_t lost = 0;
        store->read([&](const RecordReader& records) {
            for (const auto number : numbers)
                if (records.find_document(filled(1), fmt::format("n/{}", number)) != std::to_string(number)) ++lost;
        });
        CHECK(numbers.size() >= acknowledgements);
        CHECK(lost == 0);
    }
}

TEST_CASE("an operation that throws leaves nothing behind, and those that share its commit are kept") {
    TemporaryStore temporary;
    auto& store = *temporary.store;
    std::vector<std::thread> threads;
    std::atomic<int> refused = 0;
    for (std::uint8_t i = 0; i < 40; ++i)
        threads.emplace_back([&, i] {
            try {
                store.write([&](RecordWriter& records) {
                    records.insert_worker(worker(i));
                    if (i % 4 == 0) throw Error(ErrorKind::refused, "every fourth");
                });
            } catch (const Error& error) {
                if (error.kind() == ErrorKind::refused) ++refused;
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(refused == 10);
    store.read([](const RecordReader& records) {
        CHECK(records.workers().size() == 30);
        CHECK_FALSE(records.find_worker(filled(8)));
        CHECK(records.find_worker(filled(9)));
    });
}

TEST_CASE("a key that is taken cannot be taken again") {
    TemporaryStore temporary;
    auto& store = *temporary.store;
    store.write([](RecordWriter& records) { records.insert_proof(proof(1)); });
    CHECK_THROWS_AS(store.write([](RecordWriter& records) { records.insert_proof(proof(1)); }), Error);
    auto other = proof(1);
    other.hash = filled(99);
    CHECK_THROWS_AS(store.write([&](RecordWriter& records) { records.insert_proof(other); }), Error);
    store.read([](const RecordReader& records) { CHECK_FALSE(records.find_proof(filled(200), filled(99))); });
}

TEST_CASE("what was written is read back the same, also after the store was closed") {
    const TemporaryDirectory directory;
    const MarkRecord mark{.checker = filled(200),
                          .key = {.node_id = filled(1), .mode = 1, .epoch = 7, .slot = 3},
                          .phase = 1,
                          .hash = filled(2),
                          .mark = {1, 0, 3},
                          .receipt = {}};
    VerdictRecord verdict{
        .checker = filled(200), .proof_hash = filled(4), .key = proof(4).key, .device = 0, .device_kind = 1, .code = 9};
    verdict.macs = UINT64_MAX;
    verdict.decided_at = Instant(std::chrono::microseconds(1'700'000'000'123'456));
    verdict.verdict = {9, 9};
    verdict.votes = 3;
    const BallotRecord ballot{.checker = filled(200),
                              .proof_hash = filled(4),
                              .key = proof(4).key,
                              .device = 0,
                              .commitment = filled(7),
                              .committed_at = Instant(std::chrono::seconds(5)),
                              .verdict = {}};
    {
        const auto store = open_sqlite_store(directory / "network.db", StoreUse::serve);
        store->write([&](RecordWriter& records) {
            records.insert_worker(worker(5));
            records.insert_mark(mark);
            records.insert_proof(proof(3));
            records.insert_proof(proof(4));
            records.insert_ballot(ballot);
            records.insert_verdict(verdict);
            auto other = proof(4); // the same proof at another checker
            other.checker = filled(201);
            records.insert_proof(other);
        });
    }
    const auto store = open_sqlite_store(directory / "network.db", StoreUse::inspect);
    store->read([&](const RecordReader& records) {
        CHECK(records.find_worker(filled(5))->name == "w5");
        CHECK(records.find_worker(filled(5))->created_at == worker(5).created_at);
        CHECK(records.find_mark(filled(200), mark.key, 1)->mark == mark.mark);
        CHECK(records.find_mark(filled(200), mark.key, 1)->receipt.empty());
        CHECK_FALSE(records.find_mark(filled(200), mark.key, 2));
        CHECK(records.count_heard_slots(filled(1), 7, 1) == 1);
        CHECK(records.find_proof(filled(200), filled(4))->proof == proof(4).proof);
        CHECK(records.find_verdict(filled(4))->macs == UINT64_MAX);
        CHECK(records.find_verdict(filled(4))->decided_at == verdict.decided_at);
        CHECK(records.find_last_verdict(filled(1))->code == 9);
        CHECK(records.find_verdict_of(proof(4).key, 0)->votes == 3);
        CHECK_FALSE(records.find_verdict_of(proof(3).key, 0));
        CHECK(records.find_ballot(filled(200), filled(4))->commitment == filled(7));
        CHECK_FALSE(records.find_ballot(filled(201), filled(4)));
        CHECK(records.sealed_ballots(filled(200), 10).size() == 1);
        CHECK(records.sealed_ballots(filled(201), 10).empty());
        CHECK(records.undecided_proofs(std::nullopt, 10).size() == 2);
        CHECK(records.undecided_proofs(filled(201), 10).front().proof == proof(4).proof);
        REQUIRE(records.undecided_proofs(filled(200), 10).size() == 1);
        CHECK(records.undecided_proofs(filled(200), 10).front().hash == filled(3));
        CHECK(records.verdicts({.epoch = 7, .node_id = filled(1), .mode = 1}).size() == 1);
        CHECK(records.verdicts({.epoch = 8, .node_id = std::nullopt, .mode = std::nullopt}).empty());
        CHECK(records.verdicts({.epoch = std::nullopt, .node_id = filled(2), .mode = std::nullopt}).empty());
        CHECK(records.verdicts({.epoch = std::nullopt, .node_id = std::nullopt, .mode = 3}).empty());
        CHECK(records.verdicts({.epoch = std::nullopt, .node_id = std::nullopt, .mode = std::nullopt}).size() == 1);
    });
}

TEST_CASE("a nonce is accepted once per key until it is forgotten") {
    TemporaryStore temporary;
    const auto at = [](int seconds) { return Instant(std::chrono::seconds(seconds)); };
    const auto try_nonce = [&](std::uint8_t key, const char* nonce, int now) {
        bool is_fresh = false;
        temporary.store->write([&](RecordWriter& records) {
            is_fresh = records.try_insert_nonce(filled(key), nonce, at(now), at(now - 600));
        });
        return is_fresh;
    };
    CHECK(try_nonce(1, "a", 1000));
    CHECK_FALSE(try_nonce(1, "a", 1001));
    CHECK_FALSE(try_nonce(1, "a", 1600));
    CHECK(try_nonce(2, "a", 1600));
    CHECK(try_nonce(1, "a", 1601));
}

TEST_CASE("a file of another version or of another program is refused with the way out") {
    const TemporaryDirectory directory;
    const auto path = directory / "network.db";
    open_sqlite_store(path, StoreUse::serve).reset();
    {
        // user_version and application_id stand at bytes 60 and 68 of the header (SQLite file format, section 1.3).
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(60);
        const char version_7[] = {0, 0, 0, 7};
        file.write(version_7, 4);
    }
    try {
        open_sqlite_store(path, StoreUse::serve);
        FAIL("a store of version 7 was opened");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::environment);
        CHECK(error.message().find("version 7") != std::string::npos);
        CHECK(error.hint().find("--store") != std::string::npos);
    }
    save_file(directory / "other.db",
              std::string_view("this is not a database, and it is long enough to be looked at as if it were one ..."));
    CHECK_THROWS_AS(open_sqlite_store(directory / "other.db", StoreUse::serve), Error);
    CHECK_THROWS_AS(open_sqlite_store(directory / "missing.db", StoreUse::inspect), Error);
    CHECK_FALSE(std::filesystem::exists(directory / "missing.db"));
}

TEST_CASE("a reader sees one state however long it looks") {
    TemporaryStore temporary;
    auto& store = *temporary.store;
    store.write([](RecordWriter& records) { records.put_document(filled(1), "k", "before"); });
    store.read([&](const RecordReader& records) {
        CHECK(records.find_document(filled(1), "k") == "before");
        store.write([](RecordWriter& writer) { writer.put_document(filled(1), "k", "after"); });
        CHECK(records.find_document(filled(1), "k") == "before");
    });
    store.read([](const RecordReader& records) { CHECK(records.find_document(filled(1), "k") == "after"); });
}
