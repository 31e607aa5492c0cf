#include "identity/identity_json.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "json/document.h"

namespace kaisar {
namespace {

constexpr std::string_view identity_schema = "kaisar.identity/1";
constexpr std::string_view seen_schema = "kaisar.seen-identity/1";
constexpr const char* identity_hint = "make it anew on the worker: kaisar wallet identify --out FILE";
constexpr const char* seen_hint = "remove it: kaisar wallet identify looks at the chain and writes it anew";

Address get_address(const JsonReader& reader, std::string_view field) {
    const auto address = parse_address(reader.string(field));
    if (!address) reader.refuse(field, "an EVM address with a valid EIP-55 checksum");
    return *address;
}

} // namespace

std::string encode_identity(const SignedIdentity& signed_identity) {
    const auto& identity = signed_identity.identity;
    return to_pretty_text(
        {{"schema", identity_schema},
         {"did", did_of(did_account(identity.node_public_key))},
         {"node_public_key", encode_hex_prefixed(identity.node_public_key)},
         {"owner", format_address(identity.owner)},
         {"chain_id", identity.chain_id},
         {"registry", format_address(identity.registry)},
         {"peer",
          {{"endpoint", identity.peer_endpoint}, {"public_key", encode_hex_prefixed(identity.peer_public_key)}}},
         {"node_signature", encode_hex_prefixed(signed_identity.node_signature)}});
}

SignedIdentity decode_identity(std::string_view json, const std::string& name) {
    if (json.size() > identity_json_limit_bytes) json = {}; // not JSON at all then, and said so
    const auto reader = JsonReader::parse(json, name, identity_hint);
    if (reader.string("schema") != identity_schema) reader.refuse("schema", identity_schema);
    const auto peer = reader.object("peer");
    const auto signature = decode_hex_array<64>(reader.string("node_signature"));
    if (!signature) reader.refuse("node_signature", "64 bytes in hexadecimal");
    const SignedIdentity read{.identity = {.node_public_key = reader.bytes32("node_public_key"),
                                           .owner = get_address(reader, "owner"),
                                           .chain_id = reader.unsigned_integer("chain_id"),
                                           .registry = get_address(reader, "registry"),
                                           .peer_endpoint = peer.string("endpoint"),
                                           .peer_public_key = peer.bytes32("public_key")},
                              .node_signature = *signature};
    if (!is_signed(read))
        throw Error(ErrorKind::refused, name + ": not signed by the node key that it names", identity_hint);
    return read;
}

SeenIdentity make_seen_identity(const SignedIdentity& signed_identity, std::uint64_t chain_id, Instant seen_at) {
    return {.did = did_of(did_account(signed_identity.identity.node_public_key)),
            .chain_id = chain_id,
            .document_hash = sha256(encode_did_document(signed_identity)),
            .seen_at = std::chrono::floor<std::chrono::seconds>(seen_at)};
}

std::optional<SeenIdentity> find_seen_identity(const Path& path) {
    const auto content = find_file(path, identity_json_limit_bytes);
    if (!content) return std::nullopt;
    const auto reader = JsonReader::parse(text_of(*content), path.string(), seen_hint);
    if (reader.string("schema") != seen_schema) reader.refuse("schema", seen_schema);
    const auto seen_at = parse_rfc3339(reader.string("seen_at"));
    if (!seen_at) reader.refuse("seen_at", "a time such as 2026-11-22T19:03:56Z");
    return SeenIdentity{.did = reader.string("did"),
                        .chain_id = reader.unsigned_integer("chain_id"),
                        .document_hash = reader.bytes32("document_hash"),
                        .seen_at = *seen_at};
}

void save_seen_identity(const Path& path, const SeenIdentity& seen) {
    save_file(path, to_pretty_text({{"schema", seen_schema},
                                    {"did", seen.did},
                                    {"chain_id", seen.chain_id},
                                    {"document_hash", encode_hex_prefixed(seen.document_hash)},
                                    {"seen_at", format_rfc3339(seen.seen_at)}}));
}

} // namespace kaisar
