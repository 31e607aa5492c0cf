// Inline assembly, because a compiler that understood these loops would see that their chains are equal and keep one.
#include "kernels/peak/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {

void peak_f32_avx2(std::size_t rounds, const float* a, const float* b, float* out) noexcept {
    constexpr int chains = 12; // two operations a cycle, each done after four or five: ten would do
    const __m256 factor = _mm256_loadu_ps(a), term = _mm256_loadu_ps(b);
    const __m256 zero = _mm256_setzero_ps();
    __m256 x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero;
    __m256 x6 = zero, x7 = zero, x8 = zero, x9 = zero, x10 = zero, x11 = zero;
    for (; rounds != 0; --rounds) {
        __asm__ volatile("vfmadd213ps %[term], %[factor], %0\n"
                         "vfmadd213ps %[term], %[factor], %1\n"
                         "vfmadd213ps %[term], %[factor], %2\n"
                         "vfmadd213ps %[term], %[factor], %3\n"
                         "vfmadd213ps %[term], %[factor], %4\n"
                         "vfmadd213ps %[term], %[factor], %5\n"
                         "vfmadd213ps %[term], %[factor], %6\n"
                         "vfmadd213ps %[term], %[factor], %7\n"
                         "vfmadd213ps %[term], %[factor], %8\n"
                         "vfmadd213ps %[term], %[factor], %9\n"
                         "vfmadd213ps %[term], %[factor], %10\n"
                         "vfmadd213ps %[term], %[factor], %11\n"
                         : "+x"(x0), "+x"(x1), "+x"(x2), "+x"(x3), "+x"(x4), "+x"(x5), "+x"(x6), "+x"(x7), "+x"(x8),
                           "+x"(x9), "+x"(x10), "+x"(x11)
                         : [factor] "x"(factor), [term] "x"(term));
    }
    __m256 sum = _mm256_setzero_ps();
    const __m256 all[] = {x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11};
    for (const auto& chain : all) sum = _mm256_add_ps(sum, chain);
    _mm256_storeu_ps(out, _mm256_div_ps(sum, _mm256_set1_ps(chains)));
}

void peak_f64_avx2(std::size_t rounds, const double* a, const double* b, double* out) noexcept {
    constexpr int chains = 12; // two operations a cycle, each done after four or five: ten would do
    const __m256d factor = _mm256_loadu_pd(a), term = _mm256_loadu_pd(b);
    const __m256d zero = _mm256_setzero_pd();
    __m256d x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero;
    __m256d x6 = zero, x7 = zero, x8 = zero, x9 = zero, x10 = zero, x11 = zero;
    for (; rounds != 0; --rounds) {
        __asm__ volatile("vfmadd213pd %[term], %[factor], %0\n"
                         "vfmadd213pd %[term], %[factor], %1\n"
                         "vfmadd213pd %[term], %[factor], %2\n"
                         "vfmadd213pd %[term], %[factor], %3\n"
                         "vfmadd213pd %[term], %[factor], %4\n"
                         "vfmadd213pd %[term], %[factor], %5\n"
                         "vfmadd213pd %[term], %[factor], %6\n"
                         "vfmadd213pd %[term], %[factor], %7\n"
                         "vfmadd213pd %[term], %[factor], %8\n"
                         "vfmadd213pd %[term], %[factor], %9\n"
                         "vfmadd213pd %[term], %[factor], %10\n"
                         "vfmadd213pd %[term], %[factor], %11\n"
                         : "+x"(x0), "+x"(x1), "+x"(x2), "+x"(x3), "+x"(x4), "+x"(x5), "+x"(x6), "+x"(x7), "+x"(x8),
                           "+x"(x9), "+x"(x10), "+x"(x11)
                         : [factor] "x"(factor), [term] "x"(term));
    }
    __m256d sum = _mm256_setzero_pd();
    const __m256d all[] = {x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11};
    for (const auto& chain : all) sum = _mm256_add_pd(sum, chain);
    _mm256_storeu_pd(out, _mm256_div_pd(sum, _mm256_set1_pd(chains)));
}

namespace {

/// At most 4096 rounds, so that the sums stay exact.
void add_bf16_products(std::size_t rounds, const __m256 (&left)[2], const __m256 (&right)[2], double* out) {
    const __m256 zero = _mm256_setzero_ps();
    __m256 x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero;
    __m256 x6 = zero, x7 = zero, x8 = zero, x9 = zero, x10 = zero, x11 = zero;
    for (; rounds != 0; --rounds) {
        __asm__ volatile("vfmadd231ps %[right], %[left], %0\n"
                         "vfmadd231ps %[right], %[left], %1\n"
                         "vfmadd231ps %[right], %[left], %2\n"
                         "vfmadd231ps %[right], %[left], %3\n"
                         "vfmadd231ps %[right], %[left], %4\n"
                         "vfmadd231ps %[right], %[left], %5\n"
                         "vfmadd231ps %[by], %[too], %6\n"
                         "vfmadd231ps %[by], %[too], %7\n"
                         "vfmadd231ps %[by], %[too], %8\n"
                         "vfmadd231ps %[by], %[too], %9\n"
                         "vfmadd231ps %[by], %[too], %10\n"
                         "vfmadd231ps %[by], %[too], %11\n"
                         : "+x"(x0), "+x"(x1), "+x"(x2), "+x"(x3), "+x"(x4), "+x"(x5), "+x"(x6), "+x"(x7), "+x"(x8),
                           "+x"(x9), "+x"(x10), "+x"(x11)
                         : [left] "x"(left[0]), [right] "x"(right[0]), [too] "x"(left[1]), [by] "x"(right[1]));
    }
    const __m256 all[] = {x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11};
    for (const auto& chain : all) {
        float lanes[8];
        _mm256_storeu_ps(lanes, chain);
        for (const auto lane : lanes) *out += static_cast<double>(lane);
    }
}

__m256 from_bf16(const std::uint16_t* eight) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(eight));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

} // namespace

void peak_bf16_avx2(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept {
    constexpr std::size_t rounds_at_a_time = 4096;
    const __m256 left[2] = {from_bf16(a), from_bf16(a + 8)}, right[2] = {from_bf16(b), from_bf16(b + 8)};
    *out = 0;
    for (; rounds > rounds_at_a_time; rounds -= rounds_at_a_time) add_bf16_products(rounds_at_a_time, left, right, out);
    add_bf16_products(rounds, left, right, out);
}

void peak_s8_avx2(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept {
    const __m256i left = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)));
    const __m256i right = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b)));
    const __m256i zero = _mm256_setzero_si256();
    __m256i x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero, x6 = zero, x7 = zero;
    __m256i p0 = zero, p1 = zero, p2 = zero, p3 = zero; // products, added while the next are being multiplied
    for (; rounds != 0; --rounds) {
        __asm__ volatile("vpmaddwd %[right], %[left], %[p0]\n"
                         "vpmaddwd %[right], %[left], %[p1]\n"
                         "vpmaddwd %[right], %[left], %[p2]\n"
                         "vpmaddwd %[right], %[left], %[p3]\n"
                         "vpaddd %[p0], %0, %0\n"
                         "vpaddd %[p1], %1, %1\n"
                         "vpaddd %[p2], %2, %2\n"
                         "vpaddd %[p3], %3, %3\n"
                         "vpmaddwd %[right], %[left], %[p0]\n"
                         "vpmaddwd %[right], %[left], %[p1]\n"
                         "vpmaddwd %[right], %[left], %[p2]\n"
                         "vpmaddwd %[right], %[left], %[p3]\n"
                         "vpaddd %[p0], %4, %4\n"
                         "vpaddd %[p1], %5, %5\n"
                         "vpaddd %[p2], %6, %6\n"
                         "vpaddd %[p3], %7, %7\n"
                         : "+x"(x0), "+x"(x1), "+x"(x2), "+x"(x3), "+x"(x4), "+x"(x5), "+x"(x6),
                           "+x"(x7), [p0] "+x"(p0), [p1] "+x"(p1), [p2] "+x"(p2), [p3] "+x"(p3)
                         : [left] "x"(left), [right] "x"(right));
    }
    __m256i sum = zero;
    const __m256i all[] = {x0, x1, x2, x3, x4, x5, x6, x7};
    for (const auto& chain : all) sum = _mm256_add_epi32(sum, chain);
    std::uint32_t lanes[8];
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), sum);
    *out = 0;
    for (const auto lane : lanes) *out += lane;
}

} // namespace kaisar::kernels
