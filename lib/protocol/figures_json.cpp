#include "protocol/figures_json.h"

#include "bytes/hex.h"

namespace kaisar {

Json to_json(const AttestedFigures& figures) {
    return {{"macs_per_s", figures.macs_per_s},
            {"walk_bytes_per_s", figures.walk_bytes_per_s},
            {"held_bytes", figures.held_bytes},
            {"rtt_us", figures.rtt_us}};
}

Json to_json(const ClaimedFigures& figures) {
    return {{"cores", figures.cores},
            {"memory_bytes", figures.memory_bytes},
            {"disk_bytes", figures.disk_bytes},
            {"gpus", figures.gpus}};
}

Json to_json(const PointsLine& line) {
    return {{"what", line.what}, {"attested", line.attested}, {"tier", line.tier}, {"micro_points", line.micro_points}};
}

AttestedFigures read_attested_figures(const JsonReader& reader) {
    return {.macs_per_s = reader.unsigned_integer("macs_per_s"),
            .walk_bytes_per_s = reader.unsigned_integer("walk_bytes_per_s"),
            .held_bytes = reader.unsigned_integer("held_bytes"),
            .rtt_us = reader.unsigned_integer("rtt_us")};
}

ClaimedFigures read_claimed_figures(const JsonReader& reader) {
    return {.cores = reader.unsigned_integer("cores"),
            .memory_bytes = reader.unsigned_integer("memory_bytes"),
            .disk_bytes = reader.unsigned_integer("disk_bytes"),
            .gpus = reader.unsigned_integer("gpus")};
}

PointsLine read_points_line(const JsonReader& reader) {
    return {.what = reader.string("what"),
            .attested = reader.string("attested"),
            .tier = reader.string("tier"),
            .micro_points = reader.unsigned_integer("micro_points")};
}

Instant read_instant(const JsonReader& reader, std::string_view field) {
    const auto instant = parse_rfc3339(reader.string(field));
    if (!instant) reader.refuse(field, "a time as in 2026-01-31T12:00:00Z");
    return *instant;
}

Signature64 read_signature(const JsonReader& reader, std::string_view field) {
    const auto bytes = reader.bytes(field, 64);
    if (bytes.size() != 64) reader.refuse(field, "64 bytes in hexadecimal");
    return array_of<64>(bytes);
}

} // namespace kaisar
