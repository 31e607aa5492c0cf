/// The variants of sha256_many, plain first, fastest last.
#pragma once

#include "kernels/sha256_many/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

using Sha256Many = void (*)(const Sha256ManyArguments& arguments) noexcept;

std::span<const Variant<Sha256Many>> sha256_many_variants();

} // namespace kaisar::kernels
