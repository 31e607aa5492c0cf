#include "bytes/hex.h"
#include "error/error.h"
#include "protocol/figures_json.h"
#include "protocol/signed_document.h"
#include "json/document.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

std::string signed_text(std::string_view kind, std::string_view payload) {
    return fmt::format("kaisar/1/{}\n{}", kind, payload);
}

} // namespace

SignedDocument sign_document(std::string_view kind, std::string payload, const Ed25519Key& key) {
    const auto signature = key.sign(bytes_of(signed_text(kind, payload)));
    return {.kind = std::string(kind),
            .payload = std::move(payload),
            .public_key = key.public_key(),
            .signature = signature};
}

const std::string& verify_document(const SignedDocument& document, std::string_view kind, const Bytes32& public_key) {
    if (document.kind != kind)
        throw Error(ErrorKind::refused, fmt::format("expected a signed {}, got a signed {}", kind, document.kind));
    if (document.public_key != public_key)
        throw Error(
            ErrorKind::refused,
            fmt::format("the {} is signed by {}, not by the pinned key {}", kind, encode_hex(document.public_key),
                        encode_hex(public_key)),
            "somebody else answered, or the network changed its key: compare it with the operator's published profile");
    if (!is_valid_ed25519(public_key, bytes_of(signed_text(kind, document.payload)), document.signature))
        throw Error(ErrorKind::refused,
                    fmt::format("the signature of the {} is wrong: it was altered on its way", kind),
                    "fetch it again; if it stays so, tell the network's operator");
    return document.payload;
}

std::string encode_signed_document(const SignedDocument& document) {
    return to_line({{"kind", document.kind},
                    {"payload", document.payload},
                    {"public_key", encode_hex(document.public_key)},
                    {"signature", encode_hex(document.signature)}});
}

SignedDocument decode_signed_document(std::string_view text, const std::string& name) {
    const auto reader = JsonReader::parse(text, name);
    SignedDocument document{
        .kind = reader.string("kind"), .payload = reader.string("payload"), .public_key = reader.bytes32("public_key")};
    document.signature = read_signature(reader, "signature");
    return document;
}

} // namespace kaisar
