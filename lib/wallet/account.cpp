#include "wallet/account.h"

namespace kaisar {

std::optional<Account> Account::from_private_key(ByteView bytes) {
    auto key = Secp256k1Key::from_scalar(bytes);
    if (!key) return std::nullopt;
    return Account(std::move(*key));
}

} // namespace kaisar
