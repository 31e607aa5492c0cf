#include "crypto/hash.h"

#include "error/error.h"

#include <memory>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

namespace kaisar {

Bytes32 sha256(ByteView message) { return sha256({message}); }

Bytes32 sha256(std::initializer_list<ByteView> parts) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    check(context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1, "SHA-256 initialises");
    for (auto part : parts) EVP_DigestUpdate(context.get(), part.data(), part.size());
    Bytes32 digest;
    unsigned size = 0;
    EVP_DigestFinal_ex(context.get(), digest.data(), &size);
    return digest;
}

Bytes32 hmac_sha256(ByteView key, ByteView message) {
    Bytes32 digest;
    unsigned size = 0;
    check(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(), digest.data(),
               &size) != nullptr,
          "HMAC-SHA-256 succeeds");
    return digest;
}

void fill_random(MutableByteView bytes) {
    check(sodium_init() >= 0, "libsodium initialises");
    randombytes_buf(bytes.data(), bytes.size());
}

} // namespace kaisar
