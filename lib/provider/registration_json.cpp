#include "bytes/hex.h"
#include "error/error.h"
#include "protocol/figures_json.h"
#include "provider/registration.h"
#include "json/document.h"

namespace kaisar {
namespace {

constexpr std::string_view file_schema = "kaisar.registration/1";
constexpr std::size_t file_limit_bytes = 1 << 20;
constexpr const char* hint = "restore the file from a backup, or start afresh with kaisar register --replace";

Json to_json(const PeerRecord& peer) {
    return {{"id", encode_hex(peer.id)},
            {"endpoint", peer.endpoint},
            {"public_key", encode_hex(peer.public_key)},
            {"expires_at", format_rfc3339(peer.expires_at)}};
}

PeerRecord read_peer(const JsonReader& reader) {
    return {.id = reader.bytes32("id"),
            .endpoint = reader.string("endpoint"),
            .public_key = reader.bytes32("public_key"),
            .expires_at = read_instant(reader, "expires_at")};
}

} // namespace

std::optional<RegistrationRecord> find_registration(const Path& path) {
    const auto content = find_file(path, file_limit_bytes);
    if (!content) return std::nullopt;
    const auto reader = JsonReader::parse(text_of(*content), path.string(), hint);
    if (reader.string("schema") != file_schema) reader.refuse("schema", file_schema);
    const auto step = reader.unsigned_integer("step");
    if (step > static_cast<unsigned>(RegistrationStep::ready)) reader.refuse("step", "0 to 10");
    return RegistrationRecord{.step = static_cast<RegistrationStep>(step),
                              .name = reader.string("name"),
                              .claims = reader.strings("claims"),
                              .node_id = reader.bytes32("node_id"),
                              .inventory_hash = reader.bytes32("inventory_hash"),
                              .request_id = reader.string("request_id"),
                              .owner = reader.string("owner"),
                              .transaction_hash = reader.bytes32("transaction_hash"),
                              .peer = read_peer(reader.object("peer")),
                              .rtt_us = reader.unsigned_integer("rtt_us"),
                              .job_id = reader.string("job_id"),
                              .proof_hash = reader.bytes32("proof_hash"),
                              .report = reader.string("report"),
                              .attested = read_attested_figures(reader.object("attested")),
                              .claimed = read_claimed_figures(reader.object("claimed"))};
}

void save_registration(const Path& path, const RegistrationRecord& record) {
    save_file(path, to_pretty_text({{"schema", file_schema},
                                    {"step", static_cast<unsigned>(record.step)},
                                    {"state", name_of(record.step)},
                                    {"name", record.name},
                                    {"claims", record.claims},
                                    {"node_id", encode_hex(record.node_id)},
                                    {"inventory_hash", encode_hex(record.inventory_hash)},
                                    {"request_id", record.request_id},
                                    {"owner", record.owner},
                                    {"transaction_hash", encode_hex_prefixed(record.transaction_hash)},
                                    {"peer", to_json(record.peer)},
                                    {"rtt_us", record.rtt_us},
                                    {"job_id", record.job_id},
                                    {"proof_hash", encode_hex(record.proof_hash)},
                                    {"report", record.report},
                                    {"attested", to_json(record.attested)},
                                    {"claimed", to_json(record.claimed)}}));
}

std::string registration_json(const RegistrationResult& result, const Path& certificate) {
    const auto& record = result.record;
    Json json{{"schema", "kaisar.register/1"},
              {"state", name_of(record.step)},
              {"step", static_cast<unsigned>(record.step)},
              {"changed", !result.was_registered_before},
              {"node_id", encode_hex(record.node_id)},
              {"owner", nullptr},
              {"peer", nullptr},
              {"certificate", nullptr},
              {"attested", to_json(record.attested)},
              {"claimed", to_json(record.claimed)}};
    if (!record.owner.empty()) json["owner"] = record.owner;
    if (record.step >= RegistrationStep::peered)
        json["peer"] = {{"id", encode_hex(record.peer.id)}, {"endpoint", record.peer.endpoint}};
    if (record.step == RegistrationStep::ready) json["certificate"] = certificate.string();
    if (result.plan) {
        json["plan"] = Json::array();
        for (const auto& step : result.plan->steps)
            json["plan"].push_back(
                {{"id", step.id}, {"title", step.title}, {"check", step.check}, {"apply", step.apply}});
    }
    return to_line(json);
}

} // namespace kaisar
