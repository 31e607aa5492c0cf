#include "bytes/hex.h"
#include "protocol/certificate.h"
#include "protocol/figures_json.h"

namespace kaisar {
namespace {

constexpr std::string_view schema = "kaisar.certificate/1";

} // namespace

std::string encode_certificate(const Certificate& certificate) {
    return to_line({{"schema", schema},
                    {"network", certificate.network},
                    {"node_id", encode_hex(certificate.node_id)},
                    {"node_public_key", encode_hex(certificate.node_public_key)},
                    {"owner", certificate.owner},
                    {"peer_id", encode_hex(certificate.peer_id)},
                    {"inventory_hash", encode_hex(certificate.inventory_hash)},
                    {"attested", to_json(certificate.attested)},
                    {"issued_at", format_rfc3339(certificate.issued_at)},
                    {"expires_at", format_rfc3339(certificate.expires_at)}});
}

Certificate decode_certificate(std::string_view text) {
    const auto reader = JsonReader::parse(text, "certificate", "run kaisar register again to fetch a fresh one");
    if (reader.string("schema") != schema) reader.refuse("schema", schema);
    return {.network = reader.string("network"),
            .node_id = reader.bytes32("node_id"),
            .node_public_key = reader.bytes32("node_public_key"),
            .owner = reader.string("owner"),
            .peer_id = reader.bytes32("peer_id"),
            .inventory_hash = reader.bytes32("inventory_hash"),
            .attested = read_attested_figures(reader.object("attested")),
            .issued_at = read_instant(reader, "issued_at"),
            .expires_at = read_instant(reader, "expires_at")};
}

} // namespace kaisar
