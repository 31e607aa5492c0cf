#include "baseline/baseline.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "hardware/inventory_json.h"
#include "protocol/signed_document.h"
#include "json/document.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::string_view kind = "baseline", schema = "kaisar.baseline/1", report_schema = "kaisar.bench/1";
constexpr std::string_view way_out = "write a new one: kaisar bench --save-baseline";

std::uint64_t size_or_zero(const JsonReader& row, std::string_view field) {
    return row.find_unsigned_integer(field).value_or(0);
}

BaselineFigure figure_from_json(const JsonReader& row) {
    return {.workload = row.string("workload"),
            .device = row.string("device"),
            .variant = row.string("variant"),
            .unit = row.string("unit"),
            .threads = static_cast<unsigned>(row.unsigned_integer("threads")),
            .m = size_or_zero(row, "m"),
            .n = size_or_zero(row, "n"),
            .k = size_or_zero(row, "k"),
            .bytes = size_or_zero(row, "bytes"),
            .median = row.number("median"),
            .mad = row.number("mad"),
            .ci_low = row.number("ci_low"),
            .ci_high = row.number("ci_high")};
}

} // namespace

std::string encode_baseline(const Inventory& machine, std::string_view report_json, Instant measured_at,
                            const Ed25519Key& node_key) {
    const auto report = JsonReader::parse(report_json, "the bench report");
    const auto inventory = JsonReader::parse(inventory_to_json(machine), "the inventory");
    const Json payload{{"schema", schema},
                       {"measured_at", format_rfc3339(measured_at)},
                       {"inventory", inventory.json()},
                       {"report", report.json()}};
    return encode_signed_document(sign_document(kind, to_line(payload), node_key));
}

std::vector<BaselineFigure> decode_figures(std::string_view report_json, const std::string& name) {
    const auto report = JsonReader::parse(report_json, name, std::string(way_out));
    if (report.string("schema") != report_schema) report.refuse("schema", report_schema);
    std::vector<BaselineFigure> figures;
    for (const auto& row : report.objects("results"))
        if (!row.boolean("waived")) figures.push_back(figure_from_json(row));
    return figures;
}

Baseline decode_baseline(std::string_view text, const std::string& name, const std::optional<Bytes32>& expected) {
    const auto document = decode_signed_document(text, name);
    if (expected && document.public_key != *expected)
        throw Error(ErrorKind::refused,
                    fmt::format("{} is signed by {}, this worker's key is {}", name, encode_hex(document.public_key),
                                encode_hex(*expected)),
                    std::string(way_out));
    const auto& payload = verify_document(document, kind, document.public_key);
    const auto json = JsonReader::parse(payload, name, std::string(way_out));
    if (json.string("schema") != schema) json.refuse("schema", schema);
    Baseline baseline;
    const auto measured_at = parse_rfc3339(json.string("measured_at"));
    if (!measured_at) json.refuse("measured_at", "an instant as 2026-01-01T00:00:00Z");
    baseline.measured_at = *measured_at;
    baseline.public_key = document.public_key;
    baseline.machine = inventory_from_json(to_line(json.object("inventory").json()), name);
    baseline.figures = decode_figures(to_line(json.object("report").json()), name);
    return baseline;
}

} // namespace kaisar
