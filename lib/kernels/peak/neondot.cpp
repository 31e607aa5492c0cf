// The chains are hidden from the compiler as in neon.cpp.
#include "kernels/peak/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {

void peak_s8_neondot(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept {
    constexpr std::size_t chains = 24;
    int8x16_t left = vld1q_s8(a);
    const int8x16_t right = vld1q_s8(b);
    int32x4_t sums[chains];
    for (auto& sum : sums) {
        sum = vdupq_n_s32(0);
        __asm__ volatile("" : "+w"(sum));
    }
    for (; rounds != 0; --rounds) {
        __asm__ volatile("" : "+w"(left));
#pragma GCC unroll 24
        for (auto& sum : sums) sum = vdotq_s32(sum, left, right);
    }
    *out = 0;
    for (const auto& sum : sums) *out += static_cast<std::uint32_t>(vaddvq_s32(sum));
}

} // namespace kaisar::kernels
