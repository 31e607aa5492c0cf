#include "protocol/portal_messages_json.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "protocol/figures_json.h"

#include <limits>

namespace kaisar {
namespace {

constexpr std::size_t name_limit_bytes = 64;
constexpr std::size_t claim_limit = 64;
constexpr std::size_t beacon_limit_bytes = 1024;

JsonReader read_answer(std::string_view text) {
    return JsonReader::parse(text, "the portal's answer", "run the same command again");
}

JsonReader read_request(std::string_view text) {
    return JsonReader::parse(text, "the request", "docs/protocol.md lists the fields");
}

/// A string field whose length is bounded.
std::string read_text(const JsonReader& reader, std::string_view field, std::size_t limit_bytes) {
    auto text = reader.string(field);
    if (text.size() > limit_bytes) reader.refuse(field, "at most " + std::to_string(limit_bytes) + " bytes");
    return text;
}

template <class Integer>
Integer read_integer(const JsonReader& reader, std::string_view field) {
    const auto value = reader.unsigned_integer(field);
    if (value > std::numeric_limits<Integer>::max()) reader.refuse(field, "a smaller number");
    return static_cast<Integer>(value);
}

} // namespace

std::string encode_registration_request(const RegistrationRequest& request) {
    return to_line({{"name", request.name},
                    {"node_public_key", encode_hex(request.node_public_key)},
                    {"inventory", request.inventory},
                    {"inventory_hash", encode_hex(request.inventory_hash)},
                    {"claims", request.claims},
                    {"boot_id", request.boot_id}});
}

RegistrationRequest decode_registration_request(std::string_view text) {
    const auto reader = read_request(text);
    RegistrationRequest request{.name = read_text(reader, "name", name_limit_bytes),
                                .node_public_key = reader.bytes32("node_public_key"),
                                .inventory = reader.string("inventory"),
                                .inventory_hash = reader.bytes32("inventory_hash"),
                                .claims = reader.strings("claims"),
                                .boot_id = read_text(reader, "boot_id", name_limit_bytes)};
    if (request.claims.size() > claim_limit) reader.refuse("claims", "at most 64 claims");
    return request;
}

std::string encode_registration_answer(const RegistrationAnswer& answer) {
    return to_line({{"request_id", answer.request_id}, {"state", answer.state}});
}

RegistrationAnswer decode_registration_answer(std::string_view text) {
    const auto reader = read_answer(text);
    return {.request_id = reader.string("request_id"), .state = reader.string("state")};
}

std::string encode_peer_answer(const PeerAnswer& answer) {
    return to_line({{"transaction_hash", encode_hex_prefixed(answer.transaction_hash)},
                    {"peer",
                     {{"id", encode_hex(answer.peer.id)},
                      {"endpoint", answer.peer.endpoint},
                      {"public_key", encode_hex(answer.peer.public_key)},
                      {"expires_at", format_rfc3339(answer.peer.expires_at)}}}});
}

PeerAnswer decode_peer_answer(std::string_view text) {
    const auto reader = read_answer(text);
    const auto peer = reader.object("peer");
    return {.transaction_hash = reader.bytes32("transaction_hash"),
            .peer = {.id = peer.bytes32("id"),
                     .endpoint = peer.string("endpoint"),
                     .public_key = peer.bytes32("public_key"),
                     .expires_at = read_instant(peer, "expires_at")}};
}

std::string encode_session_opening(const SessionOpening& opening) {
    return to_line({{"node_id", encode_hex(opening.node_id)},
                    {"peer_id", encode_hex(opening.peer_id)},
                    {"nonce", encode_hex(opening.nonce)}});
}

SessionOpening decode_session_opening(std::string_view text) {
    const auto reader = read_request(text);
    return {
        .node_id = reader.bytes32("node_id"), .peer_id = reader.bytes32("peer_id"), .nonce = reader.bytes32("nonce")};
}

std::string encode_session_offer(const SessionOffer& offer) {
    return to_line({{"session_id", offer.session_id},
                    {"nonce", encode_hex(offer.nonce)},
                    {"signature", encode_hex(offer.signature)}});
}

SessionOffer decode_session_offer(std::string_view text) {
    const auto reader = read_answer(text);
    return {.session_id = read_text(reader, "session_id", name_limit_bytes),
            .nonce = reader.bytes32("nonce"),
            .signature = read_signature(reader, "signature")};
}

std::string encode_session_proof(const SessionProof& proof) {
    return to_line({{"signature", encode_hex(proof.signature)}});
}

SessionProof decode_session_proof(std::string_view text) {
    return {.signature = read_signature(read_request(text), "signature")};
}

std::string encode_rtt_answer(const RttAnswer& answer) { return to_line({{"answer", encode_hex(answer.answer)}}); }

RttAnswer decode_rtt_answer(std::string_view text) { return {.answer = read_request(text).bytes32("answer")}; }

std::string encode_committee_roster(const CommitteeRoster& roster) {
    Json eligible = Json::array();
    for (const auto& key : roster.eligible) eligible.push_back(encode_hex(key));
    return to_line({{"epoch", roster.epoch}, {"day_value", encode_hex(roster.day_value)}, {"checkers", eligible}});
}
CommitteeRoster decode_committee_roster(std::string_view text) {
    const auto reader = read_answer(text);
    CommitteeRoster roster{
        .epoch = reader.unsigned_integer("epoch"), .day_value = reader.bytes32("day_value"), .eligible = {}};
    for (const auto& hex : reader.strings("checkers")) {
        const auto key = decode_hex_array<32>(hex);
        if (!key) reader.refuse("checkers", "public keys of 32 bytes in hexadecimal");
        roster.eligible.push_back(*key);
    }
    return roster;
}

std::string encode_rtt_step(const RttStep& step) {
    return to_line({{"nonce", encode_hex(step.nonce)}, {"done", step.is_done}, {"rtt_us", step.rtt.count()}});
}

RttStep decode_rtt_step(std::string_view text) {
    const auto reader = read_answer(text);
    return {.nonce = reader.bytes32("nonce"),
            .is_done = reader.boolean("done"),
            .rtt = std::chrono::microseconds(read_integer<std::uint32_t>(reader, "rtt_us"))};
}

std::string encode_benchmark_job(const BenchmarkJob& job) {
    return to_line({{"job_id", job.job_id}, {"beacon", encode_hex(job.beacon)}, {"workloads", job.workloads}});
}

BenchmarkJob decode_benchmark_job(std::string_view text) {
    const auto reader = read_answer(text);
    return {.job_id = read_text(reader, "job_id", name_limit_bytes),
            .beacon = reader.bytes("beacon", beacon_limit_bytes),
            .workloads = reader.strings("workloads")};
}

std::string encode_benchmark_result(const BenchmarkResult& result) {
    return to_line(
        {{"job_id", result.job_id}, {"proof_hash", encode_hex(result.proof_hash)}, {"report", result.report}});
}

BenchmarkResult decode_benchmark_result(std::string_view text) {
    const auto reader = read_request(text);
    return {.job_id = read_text(reader, "job_id", name_limit_bytes),
            .proof_hash = reader.bytes32("proof_hash"),
            .report = reader.string("report")};
}

std::string encode_benchmark_answer(const BenchmarkAnswer& answer) {
    Json verdicts = Json::array();
    for (const auto& [code, issuer] : answer.verdicts)
        verdicts.push_back({{"code", code}, {"issuer", encode_hex(issuer)}});
    return to_line(
        {{"attested", to_json(answer.attested)}, {"claimed", to_json(answer.claimed)}, {"verdicts", verdicts}});
}

BenchmarkAnswer decode_benchmark_answer(std::string_view text) {
    const auto reader = read_answer(text);
    BenchmarkAnswer answer{.attested = read_attested_figures(reader.object("attested")),
                           .claimed = read_claimed_figures(reader.object("claimed")),
                           .verdicts = {}};
    for (const auto& verdict : reader.objects("verdicts"))
        answer.verdicts.emplace_back(read_integer<std::uint16_t>(verdict, "code"), verdict.bytes32("issuer"));
    return answer;
}

std::string encode_worker_record(const WorkerRecord& record) {
    Json lines = Json::array();
    for (const auto& line : record.points_lines) lines.push_back(to_json(line));
    Json json{{"node_id", encode_hex(record.node_id)},
              {"state", record.state},
              {"owner", record.owner},
              {"attested", to_json(record.attested)},
              {"epoch", record.epoch},
              {"slot", record.slot},
              {"availability_ppm", record.availability_ppm},
              {"micro_points", record.micro_points},
              {"points_lines", lines},
              {"total_micro_points", record.total_micro_points},
              {"last_proof_at", nullptr},
              {"last_verdict", nullptr},
              {"strikes", record.strikes},
              {"now", format_rfc3339(record.now)}};
    if (record.last_proof_at) json["last_proof_at"] = format_rfc3339(*record.last_proof_at);
    if (record.last_verdict) json["last_verdict"] = *record.last_verdict;
    return to_line(json);
}

WorkerRecord decode_worker_record(std::string_view text) {
    const auto reader = read_answer(text);
    WorkerRecord record{.node_id = reader.bytes32("node_id"),
                        .state = reader.string("state"),
                        .owner = reader.string("owner"),
                        .attested = read_attested_figures(reader.object("attested")),
                        .epoch = reader.unsigned_integer("epoch"),
                        .slot = read_integer<std::uint32_t>(reader, "slot"),
                        .availability_ppm = reader.unsigned_integer("availability_ppm"),
                        .micro_points = reader.unsigned_integer("micro_points"),
                        .points_lines = {},
                        .total_micro_points = reader.unsigned_integer("total_micro_points"),
                        .last_proof_at = {},
                        .last_verdict = {},
                        .strikes = read_integer<std::uint32_t>(reader, "strikes"),
                        .now = read_instant(reader, "now")};
    for (const auto& line : reader.objects("points_lines")) record.points_lines.push_back(read_points_line(line));
    if (reader.find_string("last_proof_at")) record.last_proof_at = read_instant(reader, "last_proof_at");
    if (reader.find_unsigned_integer("last_verdict"))
        record.last_verdict = read_integer<std::uint16_t>(reader, "last_verdict");
    return record;
}

std::string encode_portal_failure(const PortalFailure& failure) {
    return to_line({{"error", {{"code", failure.code}, {"message", failure.message}, {"hint", failure.hint}}}});
}

PortalFailure decode_portal_failure(std::string_view text) {
    try {
        const auto reader = read_answer(text).object("error");
        return {.code = reader.string("code"), .message = reader.string("message"), .hint = reader.string("hint")};
    } catch (const Error&) {
        return {.code = std::string(unreadable_failure), .message = std::string(text.substr(0, 120)), .hint = {}};
    }
}

} // namespace kaisar
