#include "crypto/secp256k1.h"

#include "crypto/hash.h"
#include "error/error.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

namespace kaisar {
namespace {

constexpr std::uint8_t first_v = 27; // EVM's v: 27 + the recovery id

/// One context for the process, blinded once; it is only read afterwards, so threads share it.
const secp256k1_context* shared_context() {
    static secp256k1_context* const context = [] {
        auto* made = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
        auto seed = random_array<32>();
        check(secp256k1_context_randomize(made, seed.data()) == 1, "secp256k1 blinds its context");
        wipe(seed);
        return made;
    }();
    return context;
}

PublicKey64 coordinates_of(const secp256k1_pubkey& key) {
    ByteArray<65> serialized{};
    auto size = serialized.size();
    secp256k1_ec_pubkey_serialize(shared_context(), serialized.data(), &size, &key, SECP256K1_EC_UNCOMPRESSED);
    return array_of<64>(ByteView(serialized).subspan(1));
}

} // namespace

std::optional<Secp256k1Key> Secp256k1Key::from_scalar(ByteView scalar) {
    secp256k1_pubkey point;
    if (scalar.size() != 32 || secp256k1_ec_pubkey_create(shared_context(), &point, scalar.data()) != 1)
        return std::nullopt;
    Secp256k1Key key;
    key.scalar_ = Secret::copy_of(scalar);
    key.public_key_ = coordinates_of(point);
    return key;
}

Secp256k1Key Secp256k1Key::generate() {
    Secret scalar(32);
    for (;;) {
        fill_random(scalar.mutable_view());
        if (auto key = from_scalar(scalar.view())) return std::move(*key);
    }
}

Signature65 Secp256k1Key::sign_digest(const Bytes32& digest) const {
    secp256k1_ecdsa_recoverable_signature made;
    check(secp256k1_ecdsa_sign_recoverable(shared_context(), &made, digest.data(), scalar_.view().data(),
                                           secp256k1_nonce_function_rfc6979, nullptr) == 1,
          "secp256k1 signs with a valid key");
    Signature65 signature{};
    int recovery_id = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(shared_context(), signature.data(), &recovery_id, &made);
    // Ids 2 and 3 mean that r exceeded the group order: one chance in 2^127, and EVM has no way to write them.
    check(recovery_id < 2, "a recovery id is 0 or 1");
    signature[64] = static_cast<std::uint8_t>(first_v + recovery_id);
    return signature;
}

std::optional<PublicKey64> recover_public_key(const Bytes32& digest, const Signature65& signature) {
    const auto* context = shared_context();
    const int recovery_id = signature[64] - first_v;
    if (recovery_id != 0 && recovery_id != 1) return std::nullopt;
    secp256k1_ecdsa_recoverable_signature recoverable;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(context, &recoverable, signature.data(), recovery_id) != 1)
        return std::nullopt;
    secp256k1_ecdsa_signature plain;
    secp256k1_ecdsa_recoverable_signature_convert(context, &plain, &recoverable);
    // A second signature could be made from any first by negating s, so only the lower one counts (EIP-2).
    if (secp256k1_ecdsa_signature_normalize(context, nullptr, &plain) == 1) return std::nullopt;
    secp256k1_pubkey point;
    if (secp256k1_ecdsa_recover(context, &point, &recoverable, digest.data()) != 1) return std::nullopt;
    return coordinates_of(point);
}

ByteArray<33> compress_public_key(const PublicKey64& key) {
    ByteArray<33> compressed{};
    compressed[0] = static_cast<std::uint8_t>(2 + (key[63] & 1));
    std::memcpy(compressed.data() + 1, key.data(), 32);
    return compressed;
}

std::optional<Secret> add_to_scalar(ByteView scalar, ByteView tweak) {
    check(scalar.size() == 32 && tweak.size() == 32, "a scalar is 32 bytes");
    auto sum = Secret::copy_of(scalar);
    if (secp256k1_ec_seckey_tweak_add(shared_context(), sum.mutable_view().data(), tweak.data()) != 1)
        return std::nullopt;
    return sum;
}

} // namespace kaisar
