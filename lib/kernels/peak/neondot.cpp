// The chains are hidden from the compiler as in neon.cpp. Processors with dot products may have bfloat16 as well: what
// needs it says so.
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

// bfmmla multiplies two rows by two columns of four numbers each: both are the same quarter here, so that all four sums
// are of the same products.
__attribute__((target("+bf16"))) void peak_bf16_neonbf16(std::size_t rounds, const std::uint16_t* a,
                                                         const std::uint16_t* b, double* out) noexcept {
    constexpr std::size_t rounds_at_a_time = 4096, quarters = 4, chains = 5; // sums stay exact that long
    bfloat16x8_t left[quarters], right[quarters];
    for (std::size_t q = 0; q < quarters; ++q) {
        const uint16x4_t row = vld1_u16(a + 4 * q), column = vld1_u16(b + 4 * q);
        left[q] = vreinterpretq_bf16_u16(vcombine_u16(row, row));
        right[q] = vreinterpretq_bf16_u16(vcombine_u16(column, column));
    }
    *out = 0;
    while (rounds != 0) {
        std::size_t part = rounds < rounds_at_a_time ? rounds : rounds_at_a_time;
        rounds -= part;
        float32x4_t sums[chains][quarters];
        for (auto& chain : sums) {
            for (auto& sum : chain) {
                sum = vdupq_n_f32(0);
                __asm__ volatile("" : "+w"(sum));
            }
        }
        for (; part != 0; --part) {
            __asm__ volatile("" : "+w"(left[0]), "+w"(left[1]), "+w"(left[2]), "+w"(left[3]));
#pragma GCC unroll 5
            for (auto& chain : sums) {
#pragma GCC unroll 4
                for (std::size_t q = 0; q < quarters; ++q) chain[q] = vbfmmlaq_f32(chain[q], left[q], right[q]);
            }
        }
        for (const auto& chain : sums)
            for (const auto& sum : chain)
                *out += vaddvq_f64(vaddq_f64(vcvt_f64_f32(vget_low_f32(sum)), vcvt_high_f64_f32(sum)));
    }
}

} // namespace kaisar::kernels
