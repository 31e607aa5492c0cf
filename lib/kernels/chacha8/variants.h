/// The variants of chacha8, plain first, fastest last.
#pragma once

#include "kernels/chacha8/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

using Chacha8Blocks = void (*)(const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                               std::size_t count) noexcept;

std::span<const Variant<Chacha8Blocks>> chacha8_variants();

} // namespace kaisar::kernels
