/// Encryption under a password, with proof that nothing was changed: for files that leave the machine.
#pragma once

#include "bytes/bytes.h"
#include "crypto/secret.h"

#include <optional>

namespace kaisar {

/// Argon2id (RFC 9106), one lane.
struct Argon2Cost {
    std::uint32_t passes = 0;
    std::uint64_t memory_bytes = 0;

    bool operator==(const Argon2Cost&) const = default;
};

/// About a second on a server, 256 MiB.
Argon2Cost usual_argon2_cost();

inline constexpr std::size_t argon2_salt_bytes = 16;
inline constexpr std::size_t sealing_nonce_bytes = 24;
inline constexpr std::size_t sealing_overhead_bytes = 16;

/// 32 bytes. Throws Error(environment) when the memory cannot be had.
Secret derive_by_argon2id(ByteView password, ByteView salt, const Argon2Cost& cost);

/// XChaCha20-Poly1305 under a 32-byte key; `header` is authenticated with it and stays readable.
Bytes seal(ByteView key, ByteView nonce, ByteView header, ByteView content);
/// Nothing when key, nonce, header or content is another than it was.
std::optional<Secret> unseal(ByteView key, ByteView nonce, ByteView header, ByteView sealed);

} // namespace kaisar
