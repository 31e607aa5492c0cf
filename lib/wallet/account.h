/// An EVM account whose key is at hand.
#pragma once

#include "crypto/secp256k1.h"
#include "evm/address.h"

#include <optional>

namespace kaisar {

class Account {
public:
    explicit Account(Secp256k1Key key) : key_(std::move(key)), address_(address_of(key_.public_key())) {}
    /// Nothing when the bytes are no private key: not 32 bytes, zero, or not below the group order.
    static std::optional<Account> from_private_key(ByteView bytes);

    const Address& address() const { return address_; }
    ByteView private_key() const { return key_.scalar(); }
    /// Signs what a digest function of evm/ returned (binding_digest, typed_data_digest, personal_message_digest).
    Signature65 sign_digest(const Bytes32& digest) const { return key_.sign_digest(digest); }

private:
    Secp256k1Key key_;
    Address address_;
};

} // namespace kaisar
