/// The variants of sha256, plain first, fastest last.
#pragma once

#include "kernels/sha256/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

using Sha256Compress = void (*)(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) noexcept;

std::span<const Variant<Sha256Compress>> sha256_variants();

} // namespace kaisar::kernels
