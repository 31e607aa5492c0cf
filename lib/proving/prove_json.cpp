#include "bytes/hex.h"
#include "protocol/figures_json.h"
#include "proving/prove.h"
#include "json/document.h"

namespace kaisar {
namespace {

Json to_json(const DeviceReport& device) {
    Json json{{"index", device.index},
              {"device", device.name},
              {"variant", device.variant},
              {"profile", device.profile},
              {"rounds", device.rounds},
              {"threads", device.threads},
              {"macs_per_s", device.macs_per_s},
              {"walk_bytes_per_s", device.walk_bytes_per_s},
              {"held_bytes", device.held_bytes},
              {"efficiency", nullptr},
              {"verdict", nullptr}};
    if (device.verdict) json["verdict"] = popw::name_of(*device.verdict);
    if (device.efficiency) json["efficiency"] = *device.efficiency;
    return json;
}

Json to_json(const popw::Verification& verification) {
    return {{"ok", verification.ok()},
            {"code", popw::name_of(verification.code)},
            {"detail", verification.detail},
            {"cpu_seconds", verification.cpu_seconds}};
}

Json to_json(const Objection& objection) {
    return {{"code", name_of(objection.kind)}, {"reason", objection.reason}, {"remedy", objection.remedy}};
}

Json to_json(const points::PredictedEpoch& epoch) {
    Json lines = Json::array();
    for (const auto& line : epoch.lines) lines.push_back(kaisar::to_json(line));
    return {{"micro_points", epoch.micro_points}, {"lines", lines}};
}

Json to_json(const points::PredictedPoints& predicted) {
    return {{"epoch_s", predicted.epoch.count()},
            {"active_slots", predicted.active_slots},
            {"published", to_json(predicted.published)},
            {"linear", to_json(predicted.linear)}};
}

} // namespace

std::string prove_report_json(const ProveReport& report) {
    Json devices = Json::array();
    for (const auto& device : report.devices) devices.push_back(to_json(device));
    Json receipts = Json::array();
    for (const auto& receipt : report.receipts)
        receipts.push_back(
            {{"issuer", encode_hex(receipt.issuer)}, {"phase", receipt.phase}, {"received_us", receipt.received_us}});
    Json left_out = Json::array();
    for (const auto& each : report.devices_left_out)
        left_out.push_back({{"device", each.device}, {"uuid", each.uuid}, {"reason", each.reason}});
    Json files = Json::array();
    for (const auto& file : report.files) files.push_back(file.string());
    Json json{{"schema", "kaisar.prove/1"},
              {"outcome", name_of(report.outcome)},
              {"epoch", report.slot.epoch},
              {"slot", report.slot.slot},
              {"devices", devices},
              {"devices_left_out", left_out},
              {"verify", nullptr},
              {"verdict", nullptr},
              {"receipts", receipts},
              {"outbox", {{"pending", report.outbox.pending}, {"oldest", nullptr}}},
              {"delivered", report.delivered},
              {"expired", report.expired},
              {"left_out", nullptr},
              {"declined", nullptr},
              {"waived", report.waived},
              {"predicted_points", nullptr},
              {"files", files}};
    if (!report.left_out.empty()) json["left_out"] = report.left_out;
    if (report.declined) json["declined"] = to_json(*report.declined);
    if (report.predicted) json["predicted_points"] = to_json(*report.predicted);
    if (report.verification) json["verify"] = to_json(*report.verification);
    if (report.verdict) json["verdict"] = popw::name_of(report.verdict->code);
    if (report.outbox.oldest) json["outbox"]["oldest"] = format_rfc3339(*report.outbox.oldest);
    return to_line(json);
}

} // namespace kaisar
