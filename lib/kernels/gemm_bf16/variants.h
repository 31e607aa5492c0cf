/// The variants of gemm_bf16, plain first, fastest last.
#pragma once

#include "kernels/gemm_bf16/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

struct GemmBf16 {
    void (*multiply)(const GemmBf16Arguments& arguments) noexcept;
    std::size_t (*workspace_bytes)(std::size_t m, std::size_t n, std::size_t k) noexcept;
};

std::span<const Variant<GemmBf16>> gemm_bf16_variants();

} // namespace kaisar::kernels
