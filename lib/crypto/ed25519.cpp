#include "crypto/ed25519.h"

#include "crypto/hash.h"
#include "error/error.h"

#include <sodium.h>

namespace kaisar {

Ed25519Key Ed25519Key::generate() {
    Secret seed(crypto_sign_SEEDBYTES);
    fill_random(seed.mutable_view());
    return from_seed(seed.view());
}

Ed25519Key Ed25519Key::from_seed(ByteView seed) {
    check(seed.size() == crypto_sign_SEEDBYTES, "an Ed25519 seed is 32 bytes");
    Ed25519Key key;
    key.secret_ = Secret(crypto_sign_SECRETKEYBYTES);
    crypto_sign_seed_keypair(key.public_key_.data(), key.secret_.mutable_view().data(), seed.data());
    return key;
}

Signature64 Ed25519Key::sign(ByteView message) const {
    Signature64 signature;
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret_.view().data());
    return signature;
}

bool is_valid_ed25519(const Bytes32& public_key, ByteView message, const Signature64& signature) {
    return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), public_key.data()) == 0;
}

} // namespace kaisar
