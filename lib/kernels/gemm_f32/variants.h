/// The variants of gemm_f32, plain first, fastest last.
#pragma once

#include "kernels/gemm_f32/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

struct GemmF32 {
    void (*multiply)(const GemmF32Arguments& arguments) noexcept;
    std::size_t (*workspace_bytes)(std::size_t m, std::size_t n, std::size_t k) noexcept;
};

std::span<const Variant<GemmF32>> gemm_f32_variants();

} // namespace kaisar::kernels
