#include "bytes/hex.h"
#include "crypto/hash.h"
#include "ledger/chain.h"
#include "ledger/reward_book.h"
#include "unit/network/temporary_store.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::network;

namespace {

const Instant now{std::chrono::seconds(1'700'000'000)};
const PeerSite site{.endpoint = "http://127.0.0.1:8080", .public_key = filled(9)};

SignedBinding binding(std::uint8_t number, std::uint8_t inventory = 1) {
    SignedBinding made;
    made.binding.node_id = filled(number);
    made.binding.node_public_key = filled(number);
    made.binding.inventory_hash = filled(inventory);
    return made;
}

std::vector<LedgerRecord> all_records(const Store& store) {
    std::vector<LedgerRecord> records;
    store.read([&](const RecordReader& reader) { records = reader.ledger_records(1, 1000); });
    return records;
}

std::optional<std::string> fault_of(const Store& store) {
    std::optional<std::string> fault;
    store.read([&](const RecordReader& records) { fault = find_ledger_fault(records); });
    return fault;
}

} // namespace

TEST_CASE("the same binding is one transaction, another inventory is another") {
    TemporaryStore temporary;
    const auto chain = make_embedded_chain(*temporary.store, {site});
    const auto first = chain->register_worker(binding(1));
    CHECK(chain->register_worker(binding(1)) == first);
    CHECK(all_records(*temporary.store).size() == 1);
    CHECK(chain->register_worker(binding(1, 2)) != first);
    CHECK(all_records(*temporary.store).size() == 2);
}

TEST_CASE("the same ban is one line, and a longer one is another") {
    TemporaryStore temporary;
    const auto chain = make_embedded_chain(*temporary.store, {site});
    const auto first = chain->ban_checker(filled(1), now);
    CHECK(chain->ban_checker(filled(1), now) == first);
    CHECK(chain->ban_checker(filled(2), now) != first);
    const auto longer = chain->ban_checker(filled(1), Instant::max());
    CHECK(longer != first);
    CHECK(chain->ban_checker(filled(1), Instant::max()) == longer);
    CHECK(all_records(*temporary.store).size() == 3);
    CHECK_FALSE(fault_of(*temporary.store));
}

TEST_CASE("a worker keeps its peer until the assignment expires") {
    TemporaryStore temporary;
    const auto chain = make_embedded_chain(*temporary.store, {site});
    chain->register_worker(binding(1));
    const auto first = *chain->assign_peer(filled(1), now);
    CHECK(first.peer.endpoint == site.endpoint);
    CHECK(first.peer.public_key == site.public_key);
    CHECK(first.peer.expires_at > now);
    const auto again = *chain->assign_peer(filled(1), first.peer.expires_at - std::chrono::seconds(1));
    CHECK(again.peer.id == first.peer.id);
    CHECK(again.transaction_hash == first.transaction_hash);
    CHECK(chain->assign_peer(filled(1), first.peer.expires_at)->peer.id != first.peer.id);
}

TEST_CASE("a peer that is not served any more is not handed out again") {
    TemporaryStore temporary;
    make_embedded_chain(*temporary.store, {site})->register_worker(binding(1));
    const auto before = *make_embedded_chain(*temporary.store, {site})->assign_peer(filled(1), now);
    const PeerSite moved{.endpoint = "http://127.0.0.1:9999", .public_key = filled(9)};
    const auto after = *make_embedded_chain(*temporary.store, {moved})->assign_peer(filled(1), now);
    CHECK(after.peer.endpoint == moved.endpoint);
    CHECK(after.peer.id != before.peer.id);
}

TEST_CASE("the transaction hash is SHA-256 over the record before it and the record's text") {
    TemporaryStore temporary;
    const auto chain = make_embedded_chain(*temporary.store, {site});
    chain->register_worker(binding(1));
    const auto transaction = chain->assign_peer(filled(1), now)->transaction_hash;
    const auto records = all_records(*temporary.store);
    REQUIRE(records.size() == 2);
    CHECK(is_zero(records[0].previous));
    CHECK(records[1].previous == records[0].hash);
    Bytes message;
    append(message, bytes_of("kaisar/1/ledger\n"));
    append(message, records[1].previous);
    append(message, bytes_of(records[1].record));
    CHECK(sha256(message) == transaction);
    CHECK(records[1].record.starts_with("sequence 2\nkind peer\nnode " + encode_hex(filled(1)) + "\n"));
}

TEST_CASE("an epoch is reported once, and its report can be read back") {
    TemporaryStore temporary;
    const auto chain = make_embedded_chain(*temporary.store, {site});
    const EpochReport report{.epoch = 42,
                             .micro_points = 123'456'789,
                             .points_digest = filled(7),
                             .rewards_root = filled(8),
                             .verdicts_root = filled(9),
                             .pool = usual_pool()};
    const auto transaction = chain->report_epoch(report);
    CHECK(chain->report_epoch(report) == transaction);
    const auto records = all_records(*temporary.store);
    REQUIRE(records.size() == 1);
    const auto read = find_reported_epoch(records[0]);
    REQUIRE(read);
    CHECK(read->epoch == 42);
    CHECK(read->micro_points == 123'456'789);
    CHECK(read->points_digest == filled(7));
    CHECK(read->rewards_root == filled(8));
    CHECK(read->verdicts_root == filled(9));
    CHECK(read->pool == usual_pool());
}

TEST_CASE("an owner is paid each epoch once, all epochs together to the last unit, and sees what is left") {
    TemporaryStore temporary;
    auto& store = *temporary.store;
    const auto chain = make_embedded_chain(store, {site});
    const Address owner{array_of<20>(Bytes(20, 1))};
    const Address other{array_of<20>(Bytes(20, 2))};
    std::vector<Reward> rewards{{.node_id = filled(1), .owner = owner, .micro_points = 1, .amount = {}},
                                {.node_id = filled(2), .owner = other, .micro_points = 1, .amount = {}},
                                {.node_id = filled(3), .owner = owner, .micro_points = 1, .amount = {}}};
    share_pool(chain->pool(), rewards);
    // More epochs than one page looks through, most of them without rewards.
    for (const std::uint64_t epoch : {5'000'000u, 5'000'001u, 5'000'700u})
        store.write([&](RecordWriter& records) { keep_rewards(records, epoch, rewards); });
    const auto owed = chain->rewards_of(owner, 0);
    CHECK(owed.claims.size() == 4);
    CHECK(owed.next_epoch);
    CHECK(owed.balance == Uint256());
    for (const auto& claim : owed.claims) CHECK(root_of(claim) == make_reward_tree(claim.epoch, rewards).root());
    const auto paid = *chain->pay_rewards(owner);
    CHECK(paid.count == 6);
    CHECK(chain->pay_rewards(owner)->count == 0);
    CHECK(chain->rewards_of(owner, 0).claims.empty());
    CHECK(chain->rewards_of(owner, 0).balance == paid.amount);
    CHECK(paid.amount + chain->pay_rewards(other)->amount == chain->pool() * 3);
    store.write([&](RecordWriter& records) { keep_rewards(records, 5'000'701, rewards); });
    CHECK(chain->pay_rewards(owner)->count == 2);
    CHECK_FALSE(fault_of(store));
}

TEST_CASE("a ledger in which anything was changed, left out or put in is found out") {
    TemporaryStore temporary;
    auto& store = *temporary.store;
    const auto chain = make_embedded_chain(store, {site});
    for (std::uint8_t i = 1; i <= 3; ++i) chain->register_worker(binding(i));
    CHECK_FALSE(fault_of(store));
    const auto last = all_records(store).back();
    LedgerRecord forged{.sequence = 4,
                        .kind = "worker",
                        .node_id = filled(4),
                        .record = "sequence 4\nkind worker\nnode x\n",
                        .previous = last.hash};
    forged.hash = filled(4);
    store.write([&](RecordWriter& records) { records.insert_ledger_record(forged); });
    REQUIRE(fault_of(store));
    CHECK(fault_of(store)->find("record 4") != std::string::npos);
}

TEST_CASE("a record whose text was changed no longer has its hash") {
    TemporaryStore temporary;
    auto& store = *temporary.store;
    LedgerRecord record{.sequence = 1, .kind = "epoch", .node_id = Bytes32{}};
    record.record = "sequence 1\nkind epoch\nnode " + encode_hex(Bytes32{}) + "\nepoch 1\nmicro-points 5\npoints " +
                    encode_hex(filled(1)) + "\n";
    Bytes message;
    append(message, bytes_of("kaisar/1/ledger\n"));
    append(message, record.previous);
    append(message, bytes_of(record.record));
    record.hash = sha256(message);
    record.record.replace(record.record.find("micro-points 5"), 14, "micro-points 6");
    store.write([&](RecordWriter& records) { records.insert_ledger_record(record); });
    REQUIRE(fault_of(store));
    CHECK(fault_of(store)->find("was changed") != std::string::npos);
}
