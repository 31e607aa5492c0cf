// Before every loop, and on every round of it, values are shown to an empty piece of assembly: a compiler that could
// follow them would see that the chains are equal and keep one, or multiply once. 24 chains keep four units busy.
#include "kernels/peak/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {

// fmla overwrites the term, so x = a*x + b would cost a copy a step. frecps, which has the same units, is 2 - p*q in
// one rounding: with p = -a it makes y = a*y + 2, and x is y times half of b.
void peak_f32_neon(std::size_t rounds, const float* a, const float* b, float* out) noexcept {
    constexpr std::size_t chains = 12; // of eight lanes
    float32x4_t y[2][chains], minus[2];
    for (std::size_t half = 0; half < 2; ++half) {
        minus[half] = vnegq_f32(vld1q_f32(a + 4 * half));
        for (auto& chain : y[half]) {
            chain = vdupq_n_f32(0);
            __asm__ volatile("" : "+w"(chain));
        }
    }
    for (; rounds != 0; --rounds) {
        __asm__ volatile("" : "+w"(minus[0]), "+w"(minus[1]));
#pragma GCC unroll 12
        for (std::size_t c = 0; c < chains; ++c) {
            y[0][c] = vrecpsq_f32(minus[0], y[0][c]);
            y[1][c] = vrecpsq_f32(minus[1], y[1][c]);
        }
    }
    for (std::size_t half = 0; half < 2; ++half) {
        float32x4_t sum = vdupq_n_f32(0);
        for (const auto& chain : y[half]) sum = vaddq_f32(sum, chain);
        const float32x4_t term = vmulq_n_f32(vld1q_f32(b + 4 * half), 0.5f / chains);
        vst1q_f32(out + 4 * half, vmulq_f32(sum, term));
    }
}

void peak_f64_neon(std::size_t rounds, const double* a, const double* b, double* out) noexcept {
    constexpr std::size_t chains = 12; // of four lanes
    float64x2_t y[2][chains], minus[2];
    for (std::size_t half = 0; half < 2; ++half) {
        minus[half] = vnegq_f64(vld1q_f64(a + 2 * half));
        for (auto& chain : y[half]) {
            chain = vdupq_n_f64(0);
            __asm__ volatile("" : "+w"(chain));
        }
    }
    for (; rounds != 0; --rounds) {
        __asm__ volatile("" : "+w"(minus[0]), "+w"(minus[1]));
#pragma GCC unroll 12
        for (std::size_t c = 0; c < chains; ++c) {
            y[0][c] = vrecpsq_f64(minus[0], y[0][c]);
            y[1][c] = vrecpsq_f64(minus[1], y[1][c]);
        }
    }
    for (std::size_t half = 0; half < 2; ++half) {
        float64x2_t sum = vdupq_n_f64(0);
        for (const auto& chain : y[half]) sum = vaddq_f64(sum, chain);
        const float64x2_t term = vmulq_n_f64(vld1q_f64(b + 2 * half), 0.5 / chains);
        vst1q_f64(out + 2 * half, vmulq_f64(sum, term));
    }
}

void peak_bf16_neon(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept {
    constexpr std::size_t rounds_at_a_time = 4096, chains = 4; // of sixteen elements each; sums stay exact that long
    float32x4_t left[4], right[4];
    for (std::size_t i = 0; i < 4; ++i) {
        left[i] = vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(a + 4 * i), 16));
        right[i] = vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(b + 4 * i), 16));
    }
    *out = 0;
    while (rounds != 0) {
        std::size_t part = rounds < rounds_at_a_time ? rounds : rounds_at_a_time;
        rounds -= part;
        float32x4_t sums[chains][4];
        for (auto& chain : sums) {
            for (auto& sum : chain) {
                sum = vdupq_n_f32(0);
                __asm__ volatile("" : "+w"(sum));
            }
        }
        for (; part != 0; --part) {
            __asm__ volatile("" : "+w"(left[0]), "+w"(left[1]), "+w"(left[2]), "+w"(left[3]));
#pragma GCC unroll 4
            for (std::size_t c = 0; c < chains; ++c) {
#pragma GCC unroll 4
                for (std::size_t i = 0; i < 4; ++i) sums[c][i] = vfmaq_f32(sums[c][i], left[i], right[i]);
            }
        }
        for (const auto& chain : sums)
            for (const auto& sum : chain)
                *out += vaddvq_f64(vaddq_f64(vcvt_f64_f32(vget_low_f32(sum)), vcvt_high_f64_f32(sum)));
    }
}

void peak_s8_neon(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept {
    constexpr std::size_t chains = 6; // of sixteen elements, four a sum
    int16x8_t left[2], right[2];
    for (std::size_t i = 0; i < 2; ++i) left[i] = vmovl_s8(vld1_s8(a + 8 * i)), right[i] = vmovl_s8(vld1_s8(b + 8 * i));
    int32x4_t sums[chains][4];
    for (auto& chain : sums) {
        for (auto& sum : chain) {
            sum = vdupq_n_s32(0);
            __asm__ volatile("" : "+w"(sum));
        }
    }
    for (; rounds != 0; --rounds) {
        __asm__ volatile("" : "+w"(left[0]), "+w"(left[1]));
#pragma GCC unroll 6
        for (auto& chain : sums) {
#pragma GCC unroll 2
            for (std::size_t i = 0; i < 2; ++i) {
                chain[2 * i] = vmlal_s16(chain[2 * i], vget_low_s16(left[i]), vget_low_s16(right[i]));
                chain[2 * i + 1] = vmlal_high_s16(chain[2 * i + 1], left[i], right[i]);
            }
        }
    }
    *out = 0;
    for (const auto& chain : sums)
        for (const auto& sum : chain) *out += static_cast<std::uint32_t>(vaddvq_s32(sum));
}

} // namespace kaisar::kernels
