#include "accounting/audit.h"

#include "accounting/settlement.h"
#include "bytes/hex.h"
#include "ledger/chain.h"
#include "ledger/reward_book.h"
#include "popw_rules/committee.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar::accounting {
namespace {

using namespace network;

constexpr std::size_t ledger_batch = 1000;

std::string describe(const VerdictRecord& verdict) {
    return fmt::format("proof {} (slot {}/{}, device {})", encode_hex(verdict.proof_hash).substr(0, 16),
                       verdict.key.epoch, verdict.key.slot, verdict.device);
}

/// What the signed verdict and its row in the store must agree on.
bool says_the_same(const popw::Verdict& verdict, const VerdictRecord& record) {
    return verdict.proof_hash == record.proof_hash && verdict.node_id == record.key.node_id &&
           verdict.epoch == record.key.epoch && verdict.slot == record.key.slot &&
           verdict.device_index == record.device && static_cast<std::uint16_t>(verdict.code) == record.code &&
           verdict.macs == record.macs && verdict.compute_us == record.compute_us &&
           verdict.held_bytes == record.held_bytes && verdict.walk_bytes == record.walk_bytes &&
           verdict.walk_us == record.walk_us;
}

/// A verdict stands on as many open votes of the committee as it says, and on a quorum.
std::optional<std::string> find_vote_fault(const VerdictRecord& record, const popw::Verdict& verdict,
                                           const RecordReader& records, std::size_t members) {
    std::size_t agreeing = 0;
    for (const auto& ballot : records.ballots_of(record.key, record.device)) {
        if (ballot.verdict.empty()) continue;
        if (popw::verdict_commitment(ballot.verdict) != ballot.commitment)
            return fmt::format("the vote of checker {} is not the one that it committed to",
                               encode_hex(ballot.checker).substr(0, 16));
        const auto vote = popw::decode_verdict(ballot.verdict);
        if (vote && popw::agrees(*vote, verdict)) ++agreeing;
    }
    if (record.votes < popw::quorum_of(members) || agreeing < record.votes)
        return fmt::format("{} votes are said to stand behind its verdict, {} do, and {} are needed", record.votes,
                           agreeing, popw::quorum_of(members));
    return std::nullopt;
}

std::optional<std::string> find_verdict_fault(const VerdictRecord& record, const RecordReader& records,
                                              const checker::NetworkConstants& constants,
                                              const popw::Primitives& primitives) {
    const auto signed_verdict = popw::decode_verdict(record.verdict);
    const auto committee = checker::committee_of(records, constants, record.key);
    const auto signer = std::ranges::find(committee, record.checker, popw::id_of_key);
    if (!signed_verdict || signer == committee.end() || !popw::is_signed_by(record.verdict, *signer))
        return "its verdict is not signed by a checker of the committee";
    if (!says_the_same(*signed_verdict, record)) return "its verdict says something else than the store";
    const auto proof = records.find_proof(record.checker, record.proof_hash);
    if (!proof) return "the proof itself is missing";
    if (popw::proof_hash(proof->proof) != record.proof_hash) return "the proof was changed: its hash does not match";
    if (const auto fault = find_vote_fault(record, *signed_verdict, records, committee.size())) return fault;
    const auto again = verify_proof(proof->proof, make_verifier_context(records, constants, *proof), primitives);
    if (static_cast<std::uint16_t>(again.code) != record.code)
        return fmt::format("the verdict was {}, and verifying it again gives {}", record.code,
                           static_cast<std::uint16_t>(again.code));
    if (again.ok() &&
        (again.macs != record.macs || again.compute_us != record.compute_us || again.held_bytes != record.held_bytes ||
         again.walk_bytes != record.walk_bytes || again.walk_us != record.walk_us))
        return fmt::format("{} MAC in {} us were credited, and verifying it again gives {} in {}", record.macs,
                           record.compute_us, again.macs, again.compute_us);
    return std::nullopt;
}

void audit_proofs(AuditReport& report, const Store& store, const checker::NetworkConstants& constants,
                  const popw::Primitives& primitives) {
    std::vector<VerdictRecord> verdicts;
    store.read([&](const RecordReader& records) {
        verdicts = records.verdicts(
            {.epoch = std::nullopt, .node_id = std::nullopt, .mode = std::nullopt, .limit = SIZE_MAX >> 1});
        report.undecided = records.undecided_proofs(std::nullopt, ledger_batch).size();
    });
    for (const auto& verdict : verdicts)
        store.read([&](const RecordReader& records) {
            ++report.proofs;
            if (const auto fault = find_verdict_fault(verdict, records, constants, primitives))
                report.differences.push_back(fmt::format("{}: {}", describe(verdict), *fault));
        });
}

std::string_view points_fault(const std::vector<SettledPoints>& settled, const std::vector<SettledPoints>& derived) {
    const auto is_same = [](const SettledPoints& a, const SettledPoints& b) {
        return a.node_id == b.node_id && a.micro_points == b.micro_points;
    };
    return std::equal(settled.begin(), settled.end(), derived.begin(), derived.end(), is_same)
               ? ""
               : "the points that were written down are not those that follow from the verdicts";
}

/// The rewards as they follow from the points, as they were written down and as the ledger has them.
std::string_view rewards_fault(const RecordReader& records, const EpochReport& epoch,
                               const std::vector<SettledPoints>& settled) {
    const auto kept = find_rewards(records, epoch.epoch);
    if (is_zero(epoch.rewards_root)) return kept ? "rewards were written down that the ledger knows nothing of" : "";
    if (!kept) return "the rewards that were reported are missing";
    if (*kept != derive_rewards(records, settled, epoch.pool))
        return "the rewards that were written down are not those that follow from the points";
    if (make_reward_tree(epoch.epoch, *kept).root() != epoch.rewards_root)
        return "the rewards that were written down are not those in the ledger";
    return verdicts_root(records, epoch.epoch) == epoch.verdicts_root
               ? ""
               : "the verdicts are not those whose root is in the ledger";
}

/// The settled points against the verdicts, and against the digest that the ledger has of them.
void audit_points(AuditReport& report, const RecordReader& records, const Standings& standings) {
    for (std::uint64_t from = 1;;) {
        const auto batch = records.ledger_records(from, ledger_batch);
        for (const auto& record : batch) {
            ++report.ledger_records;
            from = record.sequence + 1;
            if (const auto epoch = find_reported_epoch(record)) {
                ++report.epochs;
                const auto settled = find_settled_points(records, epoch->epoch);
                if (!settled || points_digest(epoch->epoch, *settled) != epoch->points_digest)
                    report.differences.push_back(fmt::format(
                        "epoch {}: the points that were written down are not those in the ledger", epoch->epoch));
                else if (const auto fault = points_fault(*settled, derive_points(records, standings, epoch->epoch));
                         !fault.empty())
                    report.differences.push_back(fmt::format("epoch {}: {}", epoch->epoch, fault));
                else if (const auto wrong = rewards_fault(records, *epoch, *settled); !wrong.empty())
                    report.differences.push_back(fmt::format("epoch {}: {}", epoch->epoch, wrong));
            }
        }
        if (batch.size() < ledger_batch) break;
    }
}

} // namespace

AuditReport audit_network(const Store& store, const Standings& standings, const checker::NetworkConstants& constants,
                          const popw::Primitives& primitives) {
    AuditReport report;
    audit_proofs(report, store, constants, primitives);
    store.read([&](const RecordReader& records) {
        if (const auto fault = find_ledger_fault(records))
            report.differences.push_back(fmt::format("ledger: {}", *fault));
        audit_points(report, records, standings);
    });
    return report;
}

} // namespace kaisar::accounting
