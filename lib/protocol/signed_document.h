/// A document with its author's signature: setup plans, certificates, baselines.
///
/// The signature covers the payload's bytes as they are carried, never a re-serialised form:
/// Ed25519 over "kaisar/1/" || kind || "\n" || payload. It is verified before the payload is parsed.
#pragma once

#include "bytes/bytes.h"
#include "crypto/ed25519.h"

#include <string>
#include <string_view>

namespace kaisar {

struct SignedDocument {
    std::string kind;
    std::string payload;
    Bytes32 public_key{};
    Signature64 signature{};
};

SignedDocument sign_document(std::string_view kind, std::string payload, const Ed25519Key& key);

/// The payload, once its signature by `public_key` and its kind are right; otherwise Error(refused).
const std::string& verify_document(const SignedDocument& document, std::string_view kind, const Bytes32& public_key);

/// {"kind", "payload", "public_key", "signature"}; the payload is a JSON string, so its bytes survive.
std::string encode_signed_document(const SignedDocument& document);
SignedDocument decode_signed_document(std::string_view text, const std::string& name);

} // namespace kaisar
