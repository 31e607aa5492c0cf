/// Is this worker earning, and if not, why: one verdict, each reason with its evidence and its remedy.
#pragma once

#include "hardware/inventory_json.h"
#include "identity/identity_json.h"
#include "protocol/portal_messages.h"
#include "provider/registration.h"
#include "proving/prove.h"

#include <optional>
#include <string>
#include <vector>

namespace kaisar {

enum class EarningVerdict { earning, degraded, not_earning, unregistered, unknown };
enum class Severity { information, warning, critical };

/// As JSON spells it: "not-earning".
std::string_view name_of(EarningVerdict verdict);
std::string_view name_of(Severity severity);

struct StatusReason {
    /// Stable, for scripts: "no-proof-yet".
    std::string code;
    Severity severity = Severity::warning;
    std::string what;
    std::string evidence;
    std::string remedy;
};

struct WorkerStatus {
    EarningVerdict verdict = EarningVerdict::unknown;
    std::vector<StatusReason> reasons;
    std::string state;
    std::optional<Bytes32> node_id;
    std::string owner;
    /// What the portal says, unless it was not asked or could not be reached.
    std::optional<WorkerRecord> record;
    std::optional<Instant> next_slot;
    OutboxState outbox;
    std::size_t receipts = 0;
    std::optional<std::chrono::microseconds> clock_offset;
    /// What a chain was last seen to say of this worker, if its owner ever had that written.
    std::optional<SeenIdentity> identity;
    bool is_identity_current = false; ///< as it would be written today
    /// What changed on the machine since it registered.
    std::vector<InventoryChange> drift;
};

enum class StatusReach { offline, online };

/// Reads the data directory and, online, asks the portal. A portal that cannot be reached is a reason, not an error.
WorkerStatus detect_status(const DataDirectory& directory, const Connection& connection, StatusReach reach);

/// `kaisar.status/1`.
std::string status_json(const WorkerStatus& status);
/// For people; `emphasise` marks the verdict (colour).
std::string status_text(const WorkerStatus& status,
                        const std::function<std::string(EarningVerdict, std::string_view)>& emphasise);
/// For node_exporter's textfile collector: gauges with the prefix kaisar_.
std::string status_prometheus(const WorkerStatus& status);
/// One line and its exit code by the monitoring-plugin convention (0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN).
std::pair<std::string, int> status_nagios(const WorkerStatus& status);

/// Millionths of a point as people read them: 12.345678.
std::string format_points(std::uint64_t micro_points);

} // namespace kaisar
