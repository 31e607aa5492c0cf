/// Ed25519 signatures (RFC 8032): node keys, portal and checker keys.
#pragma once

#include "bytes/bytes.h"
#include "crypto/secret.h"

namespace kaisar {

using Signature64 = ByteArray<64>;

class Ed25519Key {
public:
    static Ed25519Key generate();
    /// From the 32-byte seed of RFC 8032 §5.1.5.
    static Ed25519Key from_seed(ByteView seed);

    const Bytes32& public_key() const { return public_key_; }
    Signature64 sign(ByteView message) const;
    /// The seed, for writing the key to its file.
    ByteView seed() const { return secret_.view().first(32); }

private:
    Ed25519Key() = default;
    Secret secret_; // libsodium's form: seed || public key
    Bytes32 public_key_{};
};

/// Strict verification: small-order keys and non-canonical signatures are refused.
bool is_valid_ed25519(const Bytes32& public_key, ByteView message, const Signature64& signature);

} // namespace kaisar
