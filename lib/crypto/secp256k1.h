/// ECDSA over secp256k1 with public key recovery: the keys and signatures of EVM accounts.
#pragma once

#include "bytes/bytes.h"
#include "crypto/secret.h"

#include <optional>

namespace kaisar {

/// x || y of a point, big endian, without the 0x04 of SEC 1.
using PublicKey64 = ByteArray<64>;

/// r || s || v, big endian, with s in the lower half of the group order and v 27 or 28.
using Signature65 = ByteArray<65>;

class Secp256k1Key {
public:
    /// Nothing when the scalar is not 32 bytes, is zero or is not below the group order.
    static std::optional<Secp256k1Key> from_scalar(ByteView scalar);
    static Secp256k1Key generate();

    const PublicKey64& public_key() const { return public_key_; }
    ByteView scalar() const { return scalar_.view(); }
    /// Deterministic (RFC 6979), so equal to what ethers and geth make of the same digest.
    Signature65 sign_digest(const Bytes32& digest) const;

private:
    Secp256k1Key() = default;
    Secret scalar_;
    PublicKey64 public_key_{};
};

/// The key that made this signature; nothing when there is none or when it is not in the one form that Signature65
/// allows.
std::optional<PublicKey64> recover_public_key(const Bytes32& digest, const Signature65& signature);

/// The 33-byte form of SEC 1.
ByteArray<33> compress_public_key(const PublicKey64& key);

/// scalar + tweak modulo the group order, as BIP-32 derives children; nothing when the result is zero or the tweak is
/// out of range.
std::optional<Secret> add_to_scalar(ByteView scalar, ByteView tweak);

} // namespace kaisar
