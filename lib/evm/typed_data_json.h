/// EIP-712 typed data of any kind, from the JSON that wallets take in eth_signTypedData_v4.
#pragma once

#include "bytes/bytes.h"

#include <string>
#include <string_view>

namespace kaisar {

inline constexpr std::size_t typed_data_limit_bytes = 262144;

/// The digest to sign for a document with "types", "primaryType", "domain" and "message". "types" may leave
/// EIP712Domain out. Throws Error(environment) naming the value at fault: one that is missing, does not fit its type,
/// or is of no declared type and would therefore not be covered by the signature.
Bytes32 typed_data_json_digest(std::string_view json, std::string name);

} // namespace kaisar
