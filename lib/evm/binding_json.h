/// Bindings and requests for them as JSON, in files and on the wire (docs/wallet.md).
#pragma once

#include "evm/binding.h"

#include <string>
#include <string_view>

namespace kaisar {

/// A binding is well under a kilobyte; anything longer than this is something else.
inline constexpr std::size_t binding_json_limit_bytes = 16384;

/// Indented and with a newline at its end; an object that a larger document can take in as it is.
std::string encode_binding(const SignedBinding& binding);

/// Throws Error(environment) naming the field at fault; `name` is what the error calls the document. Signatures are
/// decoded here and checked by check_binding.
SignedBinding decode_binding(std::string_view json, std::string name);

std::string encode_binding_request(const BindingRequest& request);
BindingRequest decode_binding_request(std::string_view json, std::string name);

} // namespace kaisar
