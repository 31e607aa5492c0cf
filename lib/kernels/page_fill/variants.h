/// The variants of page_fill, plain first, fastest last.
#pragma once

#include "kernels/page_fill/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

using PageFill = void (*)(const PageFillArguments& arguments) noexcept;

std::span<const Variant<PageFill>> page_fill_variants();

} // namespace kaisar::kernels
