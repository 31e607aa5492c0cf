/// The variants of gemm_s8, plain first, fastest last.
#pragma once

#include "kernels/gemm_s8/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

struct GemmS8 {
    void (*multiply)(const GemmS8Arguments& arguments) noexcept;
    std::size_t (*workspace_bytes)(std::size_t m, std::size_t n, std::size_t k) noexcept;
};

std::span<const Variant<GemmS8>> gemm_s8_variants();

} // namespace kaisar::kernels
