/// The variants of walk, plain first, fastest last.
#pragma once

#include "kernels/variant.h"
#include "kernels/walk/contract.h"

namespace kaisar::kernels {

using Walk = void (*)(const WalkArguments& arguments) noexcept;

std::span<const Variant<Walk>> walk_variants();

} // namespace kaisar::kernels
