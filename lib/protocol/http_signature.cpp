#include "protocol/http_signature.h"

#include "bytes/hex.h"
#include "crypto/hash.h"

#include <charconv>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::string_view label = "kaisar=";
constexpr std::string_view request_components = R"(("@method" "@authority" "@path" "@query" "content-digest"))";
constexpr std::string_view response_components = R"(("@status" "content-digest" "signature";req))";
constexpr std::size_t nonce_bytes = 16;

std::string digest_of(std::string_view body) {
    return fmt::format("sha-256=:{}:", encode_base64(sha256(bytes_of(body))));
}

std::string request_base(const HttpRequest& request, std::string_view digest, std::string_view params) {
    const auto query = request.target.find('?');
    return fmt::format("\"@method\": {}\n\"@authority\": {}\n\"@path\": {}\n\"@query\": {}\n\"content-digest\": {}\n"
                       "\"@signature-params\": {}",
                       request.method, request.authority, request.target.substr(0, query),
                       query == std::string::npos ? "?" : request.target.substr(query), digest, params);
}

std::string response_base(const HttpResponse& response, std::string_view request_signature, std::string_view digest,
                          std::string_view params) {
    return fmt::format("\"@status\": {}\n\"content-digest\": {}\n\"signature\";req: {}\n\"@signature-params\": {}",
                       response.status, digest, request_signature, params);
}

std::string encode_signature(const Signature64& signature) {
    return fmt::format("{}:{}:", label, encode_base64(signature));
}

std::optional<Signature64> decode_signature(std::string_view field) {
    if (!field.starts_with(label)) return std::nullopt;
    field.remove_prefix(label.size());
    if (field.size() < 2 || field.front() != ':' || field.back() != ':') return std::nullopt;
    const auto bytes = decode_base64(field.substr(1, field.size() - 2));
    if (!bytes || bytes->size() != 64) return std::nullopt;
    return array_of<64>(*bytes);
}

/// Takes `prefix`, then everything up to `end`, off the front of `text`.
std::optional<std::string_view> take_between(std::string_view& text, std::string_view prefix, std::string_view end) {
    if (!text.starts_with(prefix)) return std::nullopt;
    text.remove_prefix(prefix.size());
    const auto length = end.empty() ? text.size() : text.find(end);
    if (length == std::string_view::npos) return std::nullopt;
    const auto value = text.substr(0, length);
    text.remove_prefix(length + end.size());
    return value;
}

struct RequestParams {
    std::int64_t created_s = 0;
    std::string nonce;
    Bytes32 key{};
};

/// Accepts exactly the form that sign_request writes.
std::optional<RequestParams> parse_request_params(std::string_view params) {
    RequestParams parsed;
    if (!take_between(params, request_components, ";")) return std::nullopt;
    const auto created = take_between(params, "created=", ";");
    const auto nonce = created ? take_between(params, "nonce=\"", "\";") : std::nullopt;
    const auto key = nonce ? take_between(params, "keyid=\"", "\";") : std::nullopt;
    if (!key || params != "alg=\"ed25519\"") return std::nullopt;
    const auto [end, code] = std::from_chars(created->data(), created->data() + created->size(), parsed.created_s);
    const auto key_bytes = decode_hex_array<32>(*key);
    if (code != std::errc{} || end != created->data() + created->size() || !key_bytes ||
        nonce->size() != 2 * nonce_bytes)
        return std::nullopt;
    parsed.nonce = *nonce;
    parsed.key = *key_bytes;
    return parsed;
}

} // namespace

std::string_view explain(SignatureFault fault) {
    switch (fault) {
    case SignatureFault::none: return "the signature is valid";
    case SignatureFault::missing: return "the request is not signed (Signature-Input and Signature, RFC 9421)";
    case SignatureFault::malformed: return "the signature does not have the form that docs/protocol.md describes";
    case SignatureFault::bad_digest: return "Content-Digest does not match the body";
    case SignatureFault::outside_window: return "the request was signed too long ago or in the future: check the clock";
    case SignatureFault::bad_signature: return "the signature does not match the request";
    }
    return "";
}

void sign_request(HttpRequest& request, const Ed25519Key& key, Instant created) {
    const auto digest = digest_of(request.body);
    const auto params = fmt::format("{};created={};nonce=\"{}\";keyid=\"{}\";alg=\"ed25519\"", request_components,
                                    std::chrono::floor<std::chrono::seconds>(created).time_since_epoch().count(),
                                    encode_hex(random_array<nonce_bytes>()), encode_hex(key.public_key()));
    const auto signature = key.sign(bytes_of(request_base(request, digest, params)));
    request.headers.add("Content-Digest", digest);
    request.headers.add("Signature-Input", fmt::format("{}{}", label, params));
    request.headers.add("Signature", encode_signature(signature));
}

RequestSigner verify_request(const HttpRequest& request, Instant now) {
    const auto digest = request.headers.find("content-digest");
    const auto input = request.headers.find("signature-input");
    const auto signature_field = request.headers.find("signature");
    if (!digest || !input || !signature_field) return {.fault = SignatureFault::missing};
    auto params = *input;
    if (!params.starts_with(label)) return {.fault = SignatureFault::malformed};
    params.remove_prefix(label.size());
    const auto parsed = parse_request_params(params);
    const auto signature = decode_signature(*signature_field);
    if (!parsed || !signature) return {.fault = SignatureFault::malformed};
    const auto age = now.time_since_epoch() - std::chrono::seconds(parsed->created_s);
    if (parsed->created_s < 0 || age > signature_window || age < -signature_window)
        return {.fault = SignatureFault::outside_window};
    if (*digest != digest_of(request.body)) return {.fault = SignatureFault::bad_digest};
    if (!is_valid_ed25519(parsed->key, bytes_of(request_base(request, *digest, params)), *signature))
        return {.fault = SignatureFault::bad_signature};
    return {.fault = SignatureFault::none, .public_key = parsed->key, .nonce = parsed->nonce};
}

void sign_response(HttpResponse& response, const HttpRequest& request, const Ed25519Key& key) {
    const auto request_signature = request.headers.find("signature").value_or("");
    const auto digest = digest_of(response.body);
    const auto params =
        fmt::format("{};keyid=\"{}\";alg=\"ed25519\"", response_components, encode_hex(key.public_key()));
    const auto signature = key.sign(bytes_of(response_base(response, request_signature, digest, params)));
    response.headers.add("Content-Digest", digest);
    response.headers.add("Signature-Input", fmt::format("{}{}", label, params));
    response.headers.add("Signature", encode_signature(signature));
}

bool is_valid_response(const HttpResponse& response, const HttpRequest& request, const Bytes32& public_key) {
    const auto request_signature = request.headers.find("signature");
    const auto signature_field = response.headers.find("signature");
    const auto params = fmt::format("{};keyid=\"{}\";alg=\"ed25519\"", response_components, encode_hex(public_key));
    if (!request_signature || !signature_field ||
        response.headers.find("signature-input") != fmt::format("{}{}", label, params))
        return false;
    const auto digest = digest_of(response.body);
    const auto signature = decode_signature(*signature_field);
    return response.headers.find("content-digest") == digest && signature &&
           is_valid_ed25519(public_key, bytes_of(response_base(response, *request_signature, digest, params)),
                            *signature);
}

} // namespace kaisar
