/// What the commands print with --json; docs/schemas has a schema for each.
#pragma once

#include "accounting/audit.h"
#include "accounting/standing.h"
#include "error/error.h"

namespace kaisar::network {

struct WorkerPoints {
    Bytes32 node_id{};
    std::string name;
    std::string owner;
    accounting::Standing standing;
};

struct PointsReport {
    std::uint64_t epoch = 0;
    std::string policy;
    bool is_settled = false;
    std::vector<WorkerPoints> workers;
};

struct CheckerStanding {
    Bytes32 checker_id{};
    Bytes32 public_key{};
    std::optional<Instant> banned_until; ///< Instant::max() for good
    std::vector<Instant> wrong_votes;
};

/// `kaisar-network.serve/1`; no profile when `profile` is empty.
std::string serve_report(const std::string& url, const std::string& profile);
/// `kaisar-network.deploy/1`.
std::string deploy_report(std::uint64_t chain_id, const Address& registry, const Bytes32& transaction);
/// `kaisar-network.points/1`.
std::string points_report(const PointsReport& report);
/// `kaisar-network.workers/1`.
std::string workers_report(const std::vector<StoredWorker>& workers);
/// `kaisar-network.verdicts/1`.
std::string verdicts_report(const std::vector<VerdictRecord>& verdicts);
/// `kaisar-network.checkers/1`.
std::string checkers_report(const std::vector<CheckerStanding>& checkers);
/// `kaisar-network.audit/1`.
std::string audit_report(const accounting::AuditReport& report);
/// `kaisar.error/1`, as kaisar prints it.
std::string error_report(const Error& error);
/// `kaisar-network.version/1`.
std::string version_report();

} // namespace kaisar::network
