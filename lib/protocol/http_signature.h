/// HTTP Message Signatures (RFC 9421) with Ed25519 and Content-Digest (RFC 9530), in the one shape that this protocol
/// uses.
///
/// Requests cover "@method", "@authority", "@target-uri"'s path and query as "@path" and "@query", and
/// "content-digest"; the parameters created, nonce, keyid (the public key in hexadecimal) and alg are required. Answers
/// cover "@status", "content-digest" and the request's signature, so that an answer cannot be moved to another
/// question. docs/protocol.md shows both as bytes.
#pragma once

#include "clock/clock.h"
#include "crypto/ed25519.h"
#include "http/message.h"

#include <optional>
#include <string>

namespace kaisar {

/// Requests whose `created` is further than this from the verifier's clock are refused. Nonces are remembered for twice
/// as long.
inline constexpr std::chrono::seconds signature_window{300};

/// Adds Content-Digest, Signature-Input and Signature; method, authority, target and body must be final.
void sign_request(HttpRequest& request, const Ed25519Key& key, Instant created);

enum class SignatureFault { none, missing, malformed, bad_digest, outside_window, bad_signature };

/// The fault in a few words, with what to do, as the portal's answer says it.
std::string_view explain(SignatureFault fault);

struct RequestSigner {
    SignatureFault fault = SignatureFault::missing;
    Bytes32 public_key{};
    /// Unique per request; the verifier refuses one that it has seen.
    std::string nonce;
};

/// Checks digest, window and signature; whether the key may do what it asks is the caller's question.
RequestSigner verify_request(const HttpRequest& request, Instant now);

/// Signs an answer to `request`, which must carry a signature of its own.
void sign_response(HttpResponse& response, const HttpRequest& request, const Ed25519Key& key);

/// Whether `public_key` signed exactly this answer to exactly this request.
bool is_valid_response(const HttpResponse& response, const HttpRequest& request, const Bytes32& public_key);

} // namespace kaisar
