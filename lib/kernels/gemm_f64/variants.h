/// The variants of gemm_f64, plain first, fastest last.
#pragma once

#include "kernels/gemm_f64/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

struct GemmF64 {
    void (*multiply)(const GemmF64Arguments& arguments) noexcept;
    std::size_t (*workspace_bytes)(std::size_t m, std::size_t n, std::size_t k) noexcept;
};

std::span<const Variant<GemmF64>> gemm_f64_variants();

} // namespace kaisar::kernels
