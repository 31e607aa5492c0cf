#include "bytes/hex.h"
#include "protocol/figures_json.h"
#include "status/status.h"
#include "json/document.h"

#include <fmt/format.h>

namespace kaisar {

std::string status_json(const WorkerStatus& status) {
    Json reasons = Json::array();
    for (const auto& reason : status.reasons)
        reasons.push_back({{"code", reason.code},
                           {"severity", name_of(reason.severity)},
                           {"what", reason.what},
                           {"evidence", reason.evidence},
                           {"remedy", reason.remedy}});
    Json drift = Json::array();
    for (const auto& change : status.drift)
        drift.push_back({{"what", change.what}, {"before", change.before}, {"after", change.after}});
    Json json{{"schema", "kaisar.status/1"}, {"verdict", name_of(status.verdict)},
              {"reasons", reasons},          {"state", status.state},
              {"node_id", nullptr},          {"owner", nullptr},
              {"last_proof", nullptr},       {"next_slot", nullptr},
              {"availability", nullptr},     {"points", nullptr},
              {"rewards", nullptr}};
    if (status.node_id) json["node_id"] = encode_hex(*status.node_id);
    if (!status.owner.empty()) json["owner"] = status.owner;
    if (status.next_slot) json["next_slot"] = format_rfc3339(*status.next_slot);
    if (status.record) {
        const auto& record = *status.record;
        if (record.last_proof_at)
            json["last_proof"] = {{"at", format_rfc3339(*record.last_proof_at)},
                                  {"verdict", record.last_verdict.value_or(0)}};
        json["availability"] = static_cast<double>(record.availability_ppm) / 1e6;
        Json lines = Json::array();
        for (const auto& line : record.points_lines) lines.push_back(to_json(line));
        json["points"] = {{"epoch", record.epoch},
                          {"micro_points", record.micro_points},
                          {"total_micro_points", record.total_micro_points + record.micro_points},
                          {"lines", lines}};
        json["attested"] = to_json(record.attested);
        json["strikes"] = record.strikes;
    }
    json["outbox"] = {{"pending", status.outbox.pending}, {"oldest", nullptr}};
    if (status.outbox.oldest) json["outbox"]["oldest"] = format_rfc3339(*status.outbox.oldest);
    json["receipts"] = status.receipts;
    json["clock_offset_s"] = nullptr;
    if (status.clock_offset) json["clock_offset_s"] = std::chrono::duration<double>(*status.clock_offset).count();
    json["readiness"] = nullptr;
    json["identity"] = nullptr;
    if (status.identity)
        json["identity"] = {{"did", status.identity->did},
                            {"chain_id", status.identity->chain_id},
                            {"seen_at", format_rfc3339(status.identity->seen_at)},
                            {"current", status.is_identity_current}};
    json["drift"] = drift;
    return to_line(json);
}

} // namespace kaisar
