/// Keystores as the JSON that other wallets read and write.
#pragma once

#include "wallet/keystore.h"

#include <string>
#include <string_view>

namespace kaisar {

/// Ten times what any wallet writes.
inline constexpr std::size_t keystore_limit_bytes = 16384;

/// Indented and with a newline at its end.
std::string encode_keystore(const Keystore& keystore);

/// Throws Error(wallet) naming the field at fault; `name` is what the error calls the document. Costs that would take
/// more than 1 GiB of memory or minutes are refused.
Keystore decode_keystore(std::string_view json, std::string name);

} // namespace kaisar
