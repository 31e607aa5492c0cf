#include "crypto/sealing.h"

#include "error/error.h"

#include <fmt/format.h>
#include <sodium.h>

namespace kaisar {

static_assert(argon2_salt_bytes == crypto_pwhash_SALTBYTES);
static_assert(sealing_nonce_bytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(sealing_overhead_bytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);

Argon2Cost usual_argon2_cost() {
    return {.passes = crypto_pwhash_OPSLIMIT_MODERATE, .memory_bytes = crypto_pwhash_MEMLIMIT_MODERATE};
}

Secret derive_by_argon2id(ByteView password, ByteView salt, const Argon2Cost& cost) {
    check(salt.size() == argon2_salt_bytes, "Argon2id takes a salt of 16 bytes");
    Secret key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
    if (crypto_pwhash(key.mutable_view().data(), key.size(), reinterpret_cast<const char*>(password.data()),
                      password.size(), salt.data(), cost.passes, static_cast<std::size_t>(cost.memory_bytes),
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        throw Error(ErrorKind::environment,
                    fmt::format("Argon2id could not run: it needs {} MiB of memory", cost.memory_bytes >> 20),
                    "free that much memory, or raise the limit (ulimit -v, the container's memory limit)");
    return key;
}

Bytes seal(ByteView key, ByteView nonce, ByteView header, ByteView content) {
    check(key.size() == crypto_aead_xchacha20poly1305_ietf_KEYBYTES && nonce.size() == sealing_nonce_bytes,
          "sealing takes a key of 32 bytes and a nonce of 24");
    Bytes sealed(content.size() + sealing_overhead_bytes);
    unsigned long long size = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data(), &size, content.data(), content.size(), header.data(),
                                               header.size(), nullptr, nonce.data(), key.data());
    return sealed;
}

std::optional<Secret> unseal(ByteView key, ByteView nonce, ByteView header, ByteView sealed) {
    check(key.size() == crypto_aead_xchacha20poly1305_ietf_KEYBYTES && nonce.size() == sealing_nonce_bytes,
          "sealing takes a key of 32 bytes and a nonce of 24");
    if (sealed.size() <= sealing_overhead_bytes) return std::nullopt;
    Secret content(sealed.size() - sealing_overhead_bytes);
    unsigned long long size = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(content.mutable_view().data(), &size, nullptr, sealed.data(),
                                                   sealed.size(), header.data(), header.size(), nonce.data(),
                                                   key.data()) != 0)
        return std::nullopt;
    return content;
}

} // namespace kaisar
