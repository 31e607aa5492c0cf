/// Exact int8 products by mma on halves, for device code since sm_80.
#pragma once

#include "kernels/gemm_s8_cuda/device_halves.h"

namespace kaisar::kernels::device {

/// The int8 numbers at bytes 0 and 1, or 2 and 3, as halves.
__device__ inline std::uint32_t halves_of(std::uint32_t word, unsigned pair) {
    std::uint32_t out;
    asm("sub.rn.f16x2 %0, %1, %2;" : "=r"(out) : "r"(raised_halves(word, pair)), "r"(raised_by));
    return out;
}

/// Adds the products of 16 bytes of k: of A the word of the fragment's upper rows and that of its lower ones, of B one.
/// The instruction sees them as numbers 0, 1, 8, 9 of 16 and so on: along k, the same other order for both operands.
__device__ inline void multiply_add_halves(float* c, std::uint32_t upper, std::uint32_t lower, std::uint32_t b) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(halves_of(upper, 0)), "r"(halves_of(lower, 0)), "r"(halves_of(upper, 1)),
                   "r"(halves_of(lower, 1)), "r"(halves_of(b, 0)), "r"(halves_of(b, 1)));
}

/// What single precision has added up goes to int32, modulo 2^32.
__device__ inline void settle(std::int32_t& total, float& sum) {
    total =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(total) + static_cast<std::uint32_t>(__float2int_rn(sum)));
    sum = 0;
}

} // namespace kaisar::kernels::device
