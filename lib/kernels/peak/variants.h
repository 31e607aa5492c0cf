/// The variants of peak, plain first, fastest last.
#pragma once

#include "kernels/peak/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

struct Peak {
    void (*f32)(std::size_t rounds, const float* a, const float* b, float* out) noexcept;
    std::size_t f32_flop_per_round;
    void (*f64)(std::size_t rounds, const double* a, const double* b, double* out) noexcept;
    std::size_t f64_flop_per_round;
    void (*bf16)(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept;
    std::size_t bf16_flop_per_round;
    void (*s8)(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept;
    std::size_t s8_op_per_round;
};

std::span<const Variant<Peak>> peak_variants();

} // namespace kaisar::kernels
