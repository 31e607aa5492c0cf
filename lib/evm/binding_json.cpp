#include "evm/binding_json.h"

#include "bytes/hex.h"
#include "clock/clock.h"
#include "json/document.h"

namespace kaisar {
namespace {

constexpr std::string_view binding_schema = "kaisar.binding/1";
constexpr std::string_view request_schema = "kaisar.binding-request/1";

std::string format_seconds(std::uint64_t seconds_since_1970) {
    return format_rfc3339(Instant(std::chrono::seconds(seconds_since_1970)));
}

/// Only the form that format_seconds writes: the owner signed whole seconds, so a fraction would not survive.
std::uint64_t get_seconds(const JsonReader& reader, std::string_view field) {
    const auto text = reader.string(field);
    const auto instant = parse_rfc3339(text);
    if (!instant || instant->time_since_epoch().count() < 0 || format_rfc3339(*instant) != text)
        reader.refuse(field, "a time such as 2026-11-22T19:03:56Z");
    return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(instant->time_since_epoch()).count());
}

Address get_address(const JsonReader& reader, std::string_view field) {
    const auto address = parse_address(reader.string(field));
    if (!address) reader.refuse(field, "an EVM address with a valid EIP-55 checksum");
    return *address;
}

template <std::size_t Size>
ByteArray<Size> get_signature(const JsonReader& reader, std::string_view field, std::string_view expected) {
    const auto signature = decode_hex_array<Size>(reader.string(field));
    if (!signature) reader.refuse(field, expected);
    return *signature;
}

JsonReader parse_document(std::string_view json, std::string name, std::string_view schema, std::string hint) {
    if (json.size() > binding_json_limit_bytes) json = {}; // not JSON at all then, and said so
    auto reader = JsonReader::parse(json, std::move(name), std::move(hint));
    if (reader.string("schema") != schema) reader.refuse("schema", schema);
    return reader;
}

} // namespace

std::string encode_binding(const SignedBinding& signed_binding) {
    const auto& binding = signed_binding.binding;
    Json json = {
        {"schema", binding_schema},
        {"chain_id", binding.chain_id},
        {"registry", format_address(binding.registry)},
        {"node_id", encode_hex_prefixed(binding.node_id)},
        {"node_public_key", encode_hex_prefixed(binding.node_public_key)},
        {"inventory_hash", encode_hex_prefixed(binding.inventory_hash)},
        {"owner", format_address(binding.owner)},
        {"issued_at", format_seconds(binding.issued_at)},
        {"expires_at", format_seconds(binding.expires_at)},
        {"owner_signature", encode_hex_prefixed(signed_binding.owner_signature)},
    };
    if (signed_binding.node_signature) json["node_signature"] = encode_hex_prefixed(*signed_binding.node_signature);
    return to_pretty_text(json);
}

SignedBinding decode_binding(std::string_view json, std::string name) {
    const auto reader = parse_document(json, std::move(name), binding_schema,
                                       "`kaisar wallet bind --request FILE --out FILE` makes a new binding");
    SignedBinding signed_binding{
        .binding = {.chain_id = reader.unsigned_integer("chain_id"),
                    .registry = get_address(reader, "registry"),
                    .node_id = reader.bytes32("node_id"),
                    .node_public_key = reader.bytes32("node_public_key"),
                    .inventory_hash = reader.bytes32("inventory_hash"),
                    .owner = get_address(reader, "owner"),
                    .issued_at = get_seconds(reader, "issued_at"),
                    .expires_at = get_seconds(reader, "expires_at")},
        .owner_signature = get_signature<65>(reader, "owner_signature", "65 bytes in hexadecimal"),
    };
    if (reader.has("node_signature"))
        signed_binding.node_signature = get_signature<64>(reader, "node_signature", "64 bytes in hexadecimal");
    return signed_binding;
}

std::string encode_binding_request(const BindingRequest& request) {
    return to_pretty_text({
        {"schema", request_schema},
        {"chain_id", request.chain_id},
        {"registry", format_address(request.registry)},
        {"node_public_key", encode_hex_prefixed(request.node_public_key)},
        {"inventory_hash", encode_hex_prefixed(request.inventory_hash)},
    });
}

BindingRequest decode_binding_request(std::string_view json, std::string name) {
    const auto reader = parse_document(json, std::move(name), request_schema,
                                       "`kaisar register` writes binding-request.json in the worker's data directory");
    return {
        .chain_id = reader.unsigned_integer("chain_id"),
        .registry = get_address(reader, "registry"),
        .node_public_key = reader.bytes32("node_public_key"),
        .inventory_hash = reader.bytes32("inventory_hash"),
    };
}

} // namespace kaisar
