#include "crypto/key_derivation.h"

#include "error/error.h"

#include <fmt/format.h>
#include <memory>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

namespace kaisar {
namespace {

/// Where the bytes are; never null, because C functions want a pointer for nothing as well.
const std::uint8_t* address_of(ByteView bytes) {
    static constexpr std::uint8_t nothing = 0;
    return bytes.empty() ? &nothing : bytes.data();
}

} // namespace

Secret derive_by_scrypt(ByteView password, ByteView salt, const ScryptCost& cost, std::size_t size_bytes) {
    Secret key(size_bytes);
    // libsodium's, because OpenSSL's refuses the parameters of the Web3 Secret Storage test vector.
    if (crypto_pwhash_scryptsalsa208sha256_ll(address_of(password), password.size(), address_of(salt), salt.size(),
                                              cost.n, cost.r, cost.p, key.mutable_view().data(), key.size()) != 0)
        throw Error(ErrorKind::environment,
                    fmt::format("scrypt with n={} r={} p={} could not run: it needs {} MiB of memory", cost.n, cost.r,
                                cost.p, (cost.n * cost.r * 128) >> 20),
                    "free that much memory, or raise the limit (ulimit -v, the container's memory limit)");
    return key;
}

Secret derive_by_pbkdf2(Pbkdf2Hash hash, ByteView password, ByteView salt, std::uint32_t iterations,
                        std::size_t size_bytes) {
    Secret key(size_bytes);
    check(PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(address_of(password)), static_cast<int>(password.size()),
                            address_of(salt), static_cast<int>(salt.size()), static_cast<int>(iterations),
                            hash == Pbkdf2Hash::sha256 ? EVP_sha256() : EVP_sha512(), static_cast<int>(key.size()),
                            key.mutable_view().data()) == 1,
          "PBKDF2 succeeds");
    return key;
}

Secret hmac_sha512(ByteView key, ByteView message) {
    Secret code(64);
    unsigned size = 0;
    check(HMAC(EVP_sha512(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
               code.mutable_view().data(), &size) != nullptr,
          "HMAC-SHA-512 succeeds");
    return code;
}

Secret apply_aes128_ctr(ByteView key, ByteView iv, ByteView input) {
    check(key.size() == 16 && iv.size() == 16, "AES-128-CTR takes a key and a counter block of 16 bytes");
    Secret output(input.size());
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                  EVP_CIPHER_CTX_free);
    int size = 0;
    check(context != nullptr &&
              EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, key.data(), iv.data()) == 1 &&
              EVP_EncryptUpdate(context.get(), output.mutable_view().data(), &size, input.data(),
                                static_cast<int>(input.size())) == 1,
          "AES-128-CTR succeeds");
    return output;
}

} // namespace kaisar
