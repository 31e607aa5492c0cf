#include "bytes/hex.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "ledger/chain.h"
#include "ledger/reward_book.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace kaisar::network {
namespace {

constexpr std::string_view worker_kind = "worker";
constexpr std::string_view peer_kind = "peer";
constexpr std::string_view epoch_kind = "epoch";
constexpr std::string_view claim_kind = "claim";
constexpr std::string_view ban_kind = "ban";
/// Documents about an account: what it was paid, and up to which epoch.
constexpr std::string_view balance_kind = "balance";
constexpr std::string_view claimed_kind = "claimed-before";
/// A worker asks for its peer again at each registration; a year is far beyond the life of an embedded network's
/// address.
constexpr std::chrono::days peer_lifetime{365};
constexpr std::size_t audit_batch = 500;

Bytes32 hash_of(const LedgerRecord& record) {
    return sha256({bytes_of("kaisar/1/ledger\n"), record.previous, bytes_of(record.record)});
}

/// Appends a record; its text begins with what every record has, so that the hash covers all of it.
LedgerRecord append_record(RecordWriter& records, std::string_view kind, const Bytes32& node_id,
                           std::string_view fields) {
    const auto last = records.find_last_ledger_record();
    LedgerRecord record{.sequence = last ? last->sequence + 1 : 1, .kind = std::string(kind), .node_id = node_id};
    record.record =
        fmt::format("sequence {}\nkind {}\nnode {}\n{}", record.sequence, kind, encode_hex(node_id), fields);
    if (last) record.previous = last->hash;
    record.hash = hash_of(record);
    records.insert_ledger_record(record);
    return record;
}

/// The value of the line "name value" in a record.
std::string field_of(const LedgerRecord& record, std::string_view name) {
    const auto prefix = fmt::format("\n{} ", name);
    const auto at = record.record.find(prefix);
    if (at == std::string::npos)
        throw Error(ErrorKind::environment, fmt::format("ledger record {} has no field \"{}\"", record.sequence, name),
                    "run kaisar-network audit; restore the store from a backup if it finds more");
    const auto begin = at + prefix.size();
    return record.record.substr(begin, record.record.find('\n', begin) - begin);
}

std::string worker_fields(const SignedBinding& binding) {
    return fmt::format("key {}\nowner {}\ninventory {}\nbinding {}\n", encode_hex(binding.binding.node_public_key),
                       format_address(binding.binding.owner), encode_hex(binding.binding.inventory_hash),
                       encode_hex(binding_digest(binding.binding)));
}

std::optional<PeerAnswer> decode_peer_answer_of(const LedgerRecord& record) {
    const auto id = decode_hex_array<32>(field_of(record, "peer"));
    const auto key = decode_hex_array<32>(field_of(record, "peer-key"));
    const auto expires_at = parse_rfc3339(field_of(record, "expires"));
    if (!id || !key || !expires_at) return std::nullopt;
    return PeerAnswer{
        .transaction_hash = record.hash,
        .peer = {.id = *id, .endpoint = field_of(record, "endpoint"), .public_key = *key, .expires_at = *expires_at}};
}

class EmbeddedChain final : public Chain {
public:
    EmbeddedChain(Store& store, std::vector<PeerSite> peers, Uint256 pool)
        : store_(store), peers_(std::move(peers)), pool_(pool) {
        check(!peers_.empty(), "a network has a peer");
    }

    std::optional<Bytes32> register_worker(const SignedBinding& binding) override {
        return find_or_append(worker_kind, binding.binding.node_id, worker_fields(binding));
    }

    std::optional<Bytes32> report_epoch(const EpochReport& report) override {
        return find_or_append(epoch_kind, Bytes32{},
                              fmt::format("epoch {}\nmicro-points {}\npoints {}\nrewards {}\nverdicts {}\npool {}\n",
                                          report.epoch, report.micro_points, encode_hex(report.points_digest),
                                          encode_hex(report.rewards_root), encode_hex(report.verdicts_root),
                                          format_decimal(report.pool)));
    }

    std::optional<Bytes32> ban_checker(const Bytes32& key, Instant until) override {
        const auto fields =
            fmt::format("until {}\n", until == Instant::max() ? std::string("for-good") : format_rfc3339(until));
        std::optional<Bytes32> known;
        // It is asked for again and again: most times there is nothing to write.
        store_.read([&](const RecordReader& records) {
            const auto last = records.find_ledger_record(ban_kind, key);
            if (last && last->record.ends_with("\n" + fields)) known = last->hash;
        });
        return known ? *known : find_or_append(ban_kind, key, fields);
    }

    Uint256 pool() const override { return pool_; }

    OwnedRewards rewards_of(const Address& owner, std::uint64_t from_epoch) const override {
        OwnedRewards owned;
        store_.read([&](const RecordReader& records) {
            owned = list_rewards(records, owner, std::max(from_epoch, claimed_before(records, owner)));
            owned.balance = balance_of(records, owner);
        });
        return owned;
    }

    std::optional<PaidRewards> pay_rewards(const Address& owner) override {
        PaidRewards paid;
        store_.write([&](RecordWriter& records) {
            auto owed = list_rewards(records, owner, claimed_before(records, owner));
            while (!owed.claims.empty() || owed.next_epoch) {
                if (!owed.claims.empty()) paid = pay(records, owner, owed, paid);
                if (!owed.next_epoch) break;
                owed = list_rewards(records, owner, *owed.next_epoch);
            }
        });
        return paid;
    }

    void run(const std::stop_token&) override {}

    std::optional<PeerAnswer> assign_peer(const Bytes32& node_id, Instant now) override {
        PeerAnswer answer;
        store_.write([&](RecordWriter& records) {
            if (const auto known = records.find_ledger_record(peer_kind, node_id)) {
                const auto assigned = decode_peer_answer_of(*known);
                // A site that is no longer served is not handed out again.
                if (assigned && assigned->peer.expires_at > now && is_served(assigned->peer)) {
                    answer = *assigned;
                    return;
                }
            }
            check(records.find_ledger_record(worker_kind, node_id).has_value(),
                  "a peer is assigned to a registered worker");
            answer = append_assignment(records, node_id, now);
        });
        return answer;
    }

private:
    static Uint256 balance_of(const RecordReader& records, const Address& owner) {
        const auto text = records.find_document(id_of_account(owner), balance_kind);
        return text ? parse_decimal(*text).value_or(Uint256()) : Uint256();
    }

    /// The first epoch whose rewards the owner was not paid.
    static std::uint64_t claimed_before(const RecordReader& records, const Address& owner) {
        const auto text = records.find_document(id_of_account(owner), claimed_kind);
        return text ? std::strtoull(text->c_str(), nullptr, 10) : 0;
    }

    /// One record for all of them: the epochs are paid in their order, so that none is paid twice.
    static PaidRewards pay(RecordWriter& records, const Address& owner, const OwnedRewards& owed, PaidRewards paid) {
        Uint256 amount;
        for (const auto& claim : owed.claims) amount = amount + claim.reward.amount;
        const auto id = id_of_account(owner);
        const auto last = owed.claims.back().epoch;
        const auto record = append_record(records, claim_kind, id,
                                          fmt::format("owner {}\nfrom-epoch {}\nto-epoch {}\nrewards {}\namount {}\n",
                                                      format_address(owner), owed.claims.front().epoch, last,
                                                      owed.claims.size(), format_decimal(amount)));
        records.put_document(id, balance_kind, format_decimal(balance_of(records, owner) + amount));
        records.put_document(id, claimed_kind, std::to_string(last + 1));
        return {
            .count = paid.count + owed.claims.size(), .amount = paid.amount + amount, .transaction_hash = record.hash};
    }

    Bytes32 find_or_append(std::string_view kind, const Bytes32& node_id, const std::string& fields) {
        Bytes32 transaction{};
        store_.write([&](RecordWriter& records) {
            const auto known = records.find_ledger_record(kind, node_id);
            transaction = known && known->record.ends_with("\n" + fields)
                              ? known->hash
                              : append_record(records, kind, node_id, fields).hash;
        });
        return transaction;
    }

    bool is_served(const PeerRecord& peer) const {
        for (const auto& site : peers_)
            if (site.endpoint == peer.endpoint && site.public_key == peer.public_key) return true;
        return false;
    }

    PeerAnswer append_assignment(RecordWriter& records, const Bytes32& node_id, Instant now) const {
        const auto last = records.find_last_ledger_record();
        const auto sequence = last ? last->sequence + 1 : 1;
        const auto& site = peers_[sequence % peers_.size()];
        const auto expires_at = std::chrono::floor<std::chrono::seconds>(now) + peer_lifetime;
        const auto id =
            sha256({bytes_of("kaisar/1/peer\n"), node_id, site.public_key, last ? ByteView(last->hash) : ByteView()});
        const auto record =
            append_record(records, peer_kind, node_id,
                          fmt::format("peer {}\nendpoint {}\npeer-key {}\nexpires {}\n", encode_hex(id), site.endpoint,
                                      encode_hex(site.public_key), format_rfc3339(expires_at)));
        return {.transaction_hash = record.hash,
                .peer = {.id = id, .endpoint = site.endpoint, .public_key = site.public_key, .expires_at = expires_at}};
    }

    Store& store_;
    std::vector<PeerSite> peers_;
    Uint256 pool_;
};

} // namespace

Uint256 usual_pool() {
    constexpr std::uint64_t tokens = 1000;
    constexpr std::uint64_t units_a_token = 1'000'000'000'000'000'000;
    return Uint256(units_a_token) * tokens;
}

std::unique_ptr<Chain> make_embedded_chain(Store& store, std::vector<PeerSite> peers, Uint256 pool) {
    return std::make_unique<EmbeddedChain>(store, std::move(peers), pool);
}

std::optional<EpochReport> find_reported_epoch(const LedgerRecord& record) {
    if (record.kind != epoch_kind) return std::nullopt;
    const auto hash = [&](std::string_view name) {
        return decode_hex_array<32>(field_of(record, name)).value_or(Bytes32{});
    };
    EpochReport report{.epoch = std::strtoull(field_of(record, "epoch").c_str(), nullptr, 10),
                       .micro_points = std::strtoull(field_of(record, "micro-points").c_str(), nullptr, 10),
                       .points_digest = hash("points"),
                       .pool = {}};
    // Reports from before there were rewards end here.
    if (record.record.find("\npool ") == std::string::npos) return report;
    report.rewards_root = hash("rewards");
    report.verdicts_root = hash("verdicts");
    report.pool = parse_decimal(field_of(record, "pool")).value_or(Uint256());
    return report;
}

std::optional<std::string> find_ledger_fault(const RecordReader& records) {
    Bytes32 previous{};
    std::uint64_t expected = 1;
    while (true) {
        const auto batch = records.ledger_records(expected, audit_batch);
        for (const auto& record : batch) {
            const auto head =
                fmt::format("sequence {}\nkind {}\nnode {}\n", expected, record.kind, encode_hex(record.node_id));
            if (record.sequence != expected) return fmt::format("record {} is missing", expected);
            if (!record.record.starts_with(head))
                return fmt::format("record {} is not about what its row says", expected);
            if (record.previous != previous)
                return fmt::format("record {} does not follow from record {}", expected, expected - 1);
            if (record.hash != hash_of(record))
                return fmt::format("record {} was changed: its hash does not match", expected);
            previous = record.hash;
            ++expected;
        }
        if (batch.size() < audit_batch) return std::nullopt;
    }
}

} // namespace kaisar::network
