#include "accounting/settlement.h"

#include "bytes/hex.h"
#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "crypto/keccak.h"
#include "error/error.h"
#include "ledger/reward_book.h"
#include "popw_rules/messages.h"
#include "popw_rules/schedule.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <tuple>

namespace kaisar::accounting {
namespace {

using namespace network;

std::string points_kind(std::uint64_t epoch) { return fmt::format("points/{}", epoch); }

std::uint64_t parse_number(const std::string& text, std::string_view what) {
    std::uint64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size())
        throw Error(ErrorKind::environment, fmt::format("the store's {} is not a number: {}", what, text),
                    "restore the store from a backup");
    return value;
}

std::optional<std::uint64_t> find_next_epoch(const RecordReader& records, const popw::Params& params) {
    if (const auto last = find_last_settled_epoch(records)) return *last + 1;
    const auto workers = records.workers();
    if (workers.empty()) return std::nullopt;
    return slot_at(params, workers.front().created_at).epoch;
}

void keep_points(RecordWriter& records, std::uint64_t epoch, const std::vector<SettledPoints>& points) {
    for (const auto& earned : points) {
        const auto before = records.find_document(earned.node_id, "points-total");
        const auto total = (before ? parse_number(*before, "points-total") : 0) + earned.micro_points;
        records.put_document(earned.node_id, points_kind(epoch), std::to_string(earned.micro_points));
        records.put_document(earned.node_id, "points-total", std::to_string(total));
    }
    records.put_document(network_wide, "settled-epoch", std::to_string(epoch));
}

} // namespace

std::vector<SettledPoints> derive_points(const RecordReader& records, const Standings& standings, std::uint64_t epoch) {
    const auto final_at = standings.final_at(epoch);
    std::vector<SettledPoints> points;
    for (const auto& worker : records.workers()) {
        const auto registered_at = find_registration_time(records, worker.node_id);
        if (!registered_at || *registered_at >= boundary_of(standings.settings().params, {epoch + 1, 0})) continue;
        points.push_back({.node_id = worker.node_id,
                          .micro_points = standings.standing_in(records, worker, epoch, final_at).micro_points});
    }
    std::ranges::sort(points, {}, &SettledPoints::node_id);
    return points;
}

std::vector<Reward> derive_rewards(const RecordReader& records, const std::vector<SettledPoints>& points,
                                   const Uint256& pool) {
    std::vector<Reward> rewards;
    for (const auto& earned : points) {
        const auto worker = records.find_worker(earned.node_id);
        const auto owner = worker ? parse_address(worker->owner) : std::nullopt;
        // Whom nobody owns nobody is paid for: the network's own planted workers.
        if (owner && earned.micro_points != 0)
            rewards.push_back(
                {.node_id = earned.node_id, .owner = *owner, .micro_points = earned.micro_points, .amount = {}});
    }
    share_pool(pool, rewards);
    return rewards;
}

Bytes32 verdicts_root(const RecordReader& records, std::uint64_t epoch) {
    auto verdicts = records.verdicts({.epoch = epoch,
                                      .node_id = std::nullopt,
                                      .mode = static_cast<std::uint8_t>(popw::BeaconMode::committee),
                                      .limit = SIZE_MAX >> 1});
    const auto place = [](const VerdictRecord& verdict) {
        return std::tuple(verdict.key.slot, verdict.key.node_id, verdict.device);
    };
    std::ranges::sort(verdicts, {}, place);
    std::vector<Bytes32> leaves;
    for (const auto& verdict : verdicts) leaves.push_back(keccak256(verdict.verdict));
    return MerkleTree(std::move(leaves)).root();
}

Bytes32 points_digest(std::uint64_t epoch, const std::vector<SettledPoints>& points) {
    ByteWriter message;
    message.put(bytes_of("kaisar/1/points\n")).put(epoch);
    for (const auto& earned : points) message.put(earned.node_id).put(earned.micro_points);
    return sha256(message.bytes());
}

std::optional<std::uint64_t> find_last_settled_epoch(const RecordReader& records) {
    const auto text = records.find_document(network_wide, "settled-epoch");
    return text ? std::optional(parse_number(*text, "settled-epoch")) : std::nullopt;
}

std::optional<std::vector<SettledPoints>> find_settled_points(const RecordReader& records, std::uint64_t epoch) {
    const auto last = find_last_settled_epoch(records);
    if (!last || epoch > *last) return std::nullopt;
    std::vector<SettledPoints> points;
    for (const auto& worker : records.workers())
        if (const auto text = records.find_document(worker.node_id, points_kind(epoch)))
            points.push_back({.node_id = worker.node_id, .micro_points = parse_number(*text, "points")});
    std::ranges::sort(points, {}, &SettledPoints::node_id);
    return points;
}

bool settle_next_epoch(Store& store, Chain& chain, const Standings& standings, Instant now) {
    std::optional<std::uint64_t> epoch;
    std::vector<SettledPoints> points;
    std::vector<Reward> rewards;
    EpochReport report;
    store.read([&](const RecordReader& records) {
        epoch = find_next_epoch(records, standings.settings().params);
        if (epoch && standings.final_at(*epoch) > now) epoch.reset();
        // A proof that came in time is still in the queue, or a vote about it is sealed.
        if (epoch &&
            !(records.undecided_proofs(std::nullopt, 1).empty() && records.sealed_ballots(std::nullopt, 1).empty()))
            epoch.reset();
        if (!epoch) return;
        points = derive_points(records, standings, *epoch);
        rewards = derive_rewards(records, points, chain.pool());
        report.verdicts_root = verdicts_root(records, *epoch);
    });
    if (!epoch) return false;
    // The chain first: killed in between, the next run derives the same report, and the chain finds it.
    report.epoch = *epoch;
    report.points_digest = points_digest(*epoch, points);
    report.rewards_root = make_reward_tree(*epoch, rewards).root();
    for (const auto& earned : points) report.micro_points += earned.micro_points;
    for (const auto& reward : rewards) report.pool = report.pool + reward.amount;
    if (!points.empty() && !chain.report_epoch(report)) return false;
    store.write([&](RecordWriter& records) {
        keep_points(records, *epoch, points);
        keep_rewards(records, *epoch, rewards);
    });
    return true;
}

} // namespace kaisar::accounting
