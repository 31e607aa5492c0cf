#include "reports_json.h"

#include "build_facts.h"
#include "bytes/hex.h"
#include "json/document.h"

namespace kaisar::network {
namespace {

Json owner_json(const std::string& owner) { return owner.empty() ? Json(nullptr) : Json(owner); }

Json worker_points_json(const WorkerPoints& worker) {
    Json lines = Json::array();
    for (const auto& line : worker.standing.lines)
        lines.push_back({{"what", line.what},
                         {"attested", line.attested},
                         {"tier", line.tier},
                         {"micro_points", line.micro_points}});
    return {{"node_id", encode_hex(worker.node_id)},
            {"name", worker.name},
            {"owner", owner_json(worker.owner)},
            {"micro_points", worker.standing.micro_points},
            {"availability_ppm", worker.standing.availability_ppm},
            {"heard_slots", worker.standing.heard_slots},
            {"expected_slots", worker.standing.expected_slots},
            {"macs_per_s", worker.standing.attested.macs_per_s},
            {"lines", lines}};
}

} // namespace

std::string serve_report(const std::string& url, const std::string& profile) {
    return to_line({{"schema", "kaisar-network.serve/1"},
                    {"url", url},
                    {"profile", profile.empty() ? Json(nullptr) : Json(profile)}});
}

std::string deploy_report(std::uint64_t chain_id, const Address& registry, const Bytes32& transaction) {
    return to_line({{"schema", "kaisar-network.deploy/1"},
                    {"chain_id", chain_id},
                    {"registry", format_address(registry)},
                    {"transaction", encode_hex_prefixed(transaction)}});
}

std::string points_report(const PointsReport& report) {
    Json workers = Json::array();
    std::uint64_t total = 0;
    for (const auto& worker : report.workers) {
        workers.push_back(worker_points_json(worker));
        total += worker.standing.micro_points;
    }
    return to_line({{"schema", "kaisar-network.points/1"},
                    {"epoch", report.epoch},
                    {"policy", report.policy},
                    {"settled", report.is_settled},
                    {"micro_points", total},
                    {"workers", workers}});
}

std::string workers_report(const std::vector<StoredWorker>& workers) {
    Json rows = Json::array();
    for (const auto& worker : workers)
        rows.push_back({{"node_id", encode_hex(worker.node_id)},
                        {"name", worker.name},
                        {"owner", owner_json(worker.owner)},
                        {"state", name_of(worker.state)},
                        {"created_at", format_rfc3339(worker.created_at)},
                        {"changed_at", format_rfc3339(worker.changed_at)}});
    return to_line({{"schema", "kaisar-network.workers/1"}, {"workers", rows}});
}

std::string verdicts_report(const std::vector<VerdictRecord>& verdicts) {
    Json rows = Json::array();
    for (const auto& verdict : verdicts) {
        const auto code = popw::find_verdict_code(verdict.code);
        rows.push_back(
            {{"epoch", verdict.key.epoch},
             {"slot", verdict.key.slot},
             {"device", verdict.device},
             {"mode",
              verdict.key.mode == static_cast<std::uint8_t>(popw::BeaconMode::on_demand) ? "on-demand" : "scheduled"},
             {"node_id", encode_hex(verdict.key.node_id)},
             {"proof_hash", encode_hex(verdict.proof_hash)},
             {"code", verdict.code},
             {"name", code ? popw::name_of(*code) : "unknown"},
             {"macs", verdict.macs},
             {"compute_s", static_cast<double>(verdict.compute_us) / 1e6},
             {"held_bytes", verdict.held_bytes},
             {"walk_bytes", verdict.walk_bytes},
             {"walk_s", static_cast<double>(verdict.walk_us) / 1e6},
             {"votes", verdict.votes},
             {"decided_at", format_rfc3339(verdict.decided_at)}});
    }
    return to_line({{"schema", "kaisar-network.verdicts/1"}, {"verdicts", rows}});
}

std::string checkers_report(const std::vector<CheckerStanding>& checkers) {
    Json rows = Json::array();
    for (const auto& each : checkers) {
        const bool is_for_good = each.banned_until == Instant::max();
        rows.push_back({{"checker_id", encode_hex(each.checker_id)},
                        {"public_key", encode_hex(each.public_key)},
                        {"wrong_votes", each.wrong_votes.size()},
                        {"last_wrong_vote",
                         each.wrong_votes.empty() ? Json(nullptr) : Json(format_rfc3339(each.wrong_votes.back()))},
                        {"status", !each.banned_until ? "ready"
                                   : is_for_good      ? "banned-for-good"
                                                      : "banned"},
                        {"banned_until", each.banned_until && !is_for_good ? Json(format_rfc3339(*each.banned_until))
                                                                           : Json(nullptr)}});
    }
    return to_line({{"schema", "kaisar-network.checkers/1"}, {"checkers", rows}});
}

std::string audit_report(const accounting::AuditReport& report) {
    return to_line({{"schema", "kaisar-network.audit/1"},
                    {"ok", report.differences.empty()},
                    {"proofs", report.proofs},
                    {"undecided", report.undecided},
                    {"epochs", report.epochs},
                    {"ledger_records", report.ledger_records},
                    {"differences", report.differences}});
}

std::string error_report(const Error& error) {
    return to_line({{"schema", "kaisar.error/1"},
                    {"error",
                     {{"kind", name_of(error.kind())},
                      {"code", static_cast<int>(error.kind())},
                      {"message", error.message()},
                      {"hint", error.hint()}}}});
}

std::string version_report() {
    return to_line({{"schema", "kaisar-network.version/1"},
                    {"version", build_version},
                    {"commit", build_commit},
                    {"compiler", build_compiler}});
}

} // namespace kaisar::network
