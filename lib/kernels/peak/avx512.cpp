// Inline assembly, because a compiler that understood these loops would see that their chains are equal and keep one.
#include "kernels/peak/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

std::uint32_t sum_of_lanes(__m512i sum) {
    std::uint32_t lanes[16], total = 0;
    _mm512_storeu_si512(lanes, sum);
    for (const auto lane : lanes) total += lane;
    return total;
}

} // namespace

void peak_f32_avx512(std::size_t rounds, const float* a, const float* b, float* out) noexcept {
    constexpr int chains = 12; // two operations a cycle, each done after four or five: ten would do
    const __m512 factor = _mm512_broadcast_f32x8(_mm256_loadu_ps(a));
    const __m512 term = _mm512_broadcast_f32x8(_mm256_loadu_ps(b));
    const __m512 zero = _mm512_setzero_ps();
    __m512 x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero;
    __m512 x6 = zero, x7 = zero, x8 = zero, x9 = zero, x10 = zero, x11 = zero;
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
                         : "+v"(x0), "+v"(x1), "+v"(x2), "+v"(x3), "+v"(x4), "+v"(x5), "+v"(x6), "+v"(x7), "+v"(x8),
                           "+v"(x9), "+v"(x10), "+v"(x11)
                         : [factor] "v"(factor), [term] "v"(term));
    }
    const __m512 all[chains] = {x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11};
    __m512 sum = zero;
    for (const auto& chain : all) sum = _mm512_add_ps(sum, chain);
    const __m256 lanes = _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1));
    _mm256_storeu_ps(out, _mm256_div_ps(lanes, _mm256_set1_ps(2 * chains)));
}

void peak_f64_avx512(std::size_t rounds, const double* a, const double* b, double* out) noexcept {
    constexpr int chains = 12; // two operations a cycle, each done after four or five: ten would do
    const __m512d factor = _mm512_broadcast_f64x4(_mm256_loadu_pd(a));
    const __m512d term = _mm512_broadcast_f64x4(_mm256_loadu_pd(b));
    const __m512d zero = _mm512_setzero_pd();
    __m512d x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero;
    __m512d x6 = zero, x7 = zero, x8 = zero, x9 = zero, x10 = zero, x11 = zero;
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
                         : "+v"(x0), "+v"(x1), "+v"(x2), "+v"(x3), "+v"(x4), "+v"(x5), "+v"(x6), "+v"(x7), "+v"(x8),
                           "+v"(x9), "+v"(x10), "+v"(x11)
                         : [factor] "v"(factor), [term] "v"(term));
    }
    const __m512d all[chains] = {x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11};
    __m512d sum = zero;
    for (const auto& chain : all) sum = _mm512_add_pd(sum, chain);
    const __m256d lanes = _mm256_add_pd(_mm512_castpd512_pd256(sum), _mm512_extractf64x4_pd(sum, 1));
    _mm256_storeu_pd(out, _mm256_div_pd(lanes, _mm256_set1_pd(2 * chains)));
}

namespace {

/// At most 4096 rounds, so that the sums stay exact.
void add_bf16_products(std::size_t rounds, __m512 left, __m512 right, double* out) {
    const __m512 zero = _mm512_setzero_ps();
    __m512 x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero;
    __m512 x6 = zero, x7 = zero, x8 = zero, x9 = zero, x10 = zero, x11 = zero;
    for (; rounds != 0; --rounds) {
        __asm__ volatile("vfmadd231ps %[right], %[left], %0\n"
                         "vfmadd231ps %[right], %[left], %1\n"
                         "vfmadd231ps %[right], %[left], %2\n"
                         "vfmadd231ps %[right], %[left], %3\n"
                         "vfmadd231ps %[right], %[left], %4\n"
                         "vfmadd231ps %[right], %[left], %5\n"
                         "vfmadd231ps %[right], %[left], %6\n"
                         "vfmadd231ps %[right], %[left], %7\n"
                         "vfmadd231ps %[right], %[left], %8\n"
                         "vfmadd231ps %[right], %[left], %9\n"
                         "vfmadd231ps %[right], %[left], %10\n"
                         "vfmadd231ps %[right], %[left], %11\n"
                         : "+v"(x0), "+v"(x1), "+v"(x2), "+v"(x3), "+v"(x4), "+v"(x5), "+v"(x6), "+v"(x7), "+v"(x8),
                           "+v"(x9), "+v"(x10), "+v"(x11)
                         : [left] "v"(left), [right] "v"(right));
    }
    const __m512 all[] = {x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11};
    for (const auto& chain : all) {
        float lanes[16];
        _mm512_storeu_ps(lanes, chain);
        for (const auto lane : lanes) *out += static_cast<double>(lane);
    }
}

__m512 from_bf16(const std::uint16_t* sixteen) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sixteen));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

} // namespace

void peak_bf16_avx512(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept {
    constexpr std::size_t rounds_at_a_time = 4096;
    const __m512 left = from_bf16(a), right = from_bf16(b);
    *out = 0;
    for (; rounds > rounds_at_a_time; rounds -= rounds_at_a_time) add_bf16_products(rounds_at_a_time, left, right, out);
    add_bf16_products(rounds, left, right, out);
}

void peak_s8_avx512(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept {
    const __m128i sixteen_a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a));
    const __m128i sixteen_b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
    const __m512i left = _mm512_cvtepi8_epi16(_mm256_broadcastsi128_si256(sixteen_a));
    const __m512i right = _mm512_cvtepi8_epi16(_mm256_broadcastsi128_si256(sixteen_b));
    const __m512i zero = _mm512_setzero_si512();
    __m512i x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero, x6 = zero, x7 = zero;
    __m512i p0 = zero, p1 = zero, p2 = zero, p3 = zero; // products, added while the next are being multiplied
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
                         : "+v"(x0), "+v"(x1), "+v"(x2), "+v"(x3), "+v"(x4), "+v"(x5), "+v"(x6),
                           "+v"(x7), [p0] "+v"(p0), [p1] "+v"(p1), [p2] "+v"(p2), [p3] "+v"(p3)
                         : [left] "v"(left), [right] "v"(right));
    }
    const __m512i all[] = {x0, x1, x2, x3, x4, x5, x6, x7};
    __m512i sum = zero;
    for (const auto& chain : all) sum = _mm512_add_epi32(sum, chain);
    *out = sum_of_lanes(sum);
}

} // namespace kaisar::kernels
