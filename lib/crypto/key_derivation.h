/// What turns passwords and seeds into keys, and the cipher that those keys are used with in key files.
#pragma once

#include "bytes/bytes.h"
#include "crypto/secret.h"

namespace kaisar {

/// RFC 7914. Memory used: 128 * n * r bytes; n is a power of two.
struct ScryptCost {
    std::uint64_t n = 0;
    std::uint32_t r = 0;
    std::uint32_t p = 0;

    bool operator==(const ScryptCost&) const = default;
};

/// Throws Error(environment) when the memory cannot be had.
Secret derive_by_scrypt(ByteView password, ByteView salt, const ScryptCost& cost, std::size_t size_bytes);

/// The hash inside PBKDF2's HMAC (RFC 8018).
enum class Pbkdf2Hash { sha256, sha512 };

Secret derive_by_pbkdf2(Pbkdf2Hash hash, ByteView password, ByteView salt, std::uint32_t iterations,
                        std::size_t size_bytes);

/// 64 bytes.
Secret hmac_sha512(ByteView key, ByteView message);

/// Encrypts, and equally decrypts, with a 16-byte key and a 16-byte initial counter block.
Secret apply_aes128_ctr(ByteView key, ByteView iv, ByteView input);

} // namespace kaisar
