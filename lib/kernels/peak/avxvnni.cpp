// Inline assembly, because a compiler that understood these loops would see that their chains are equal and keep one.
#include "kernels/peak/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

std::uint32_t sum_of_lanes(__m256i sum) {
    std::uint32_t lanes[8], total = 0;
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), sum);
    for (const auto lane : lanes) total += lane;
    return total;
}

} // namespace

void peak_s8_avxvnni(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept {
    constexpr std::uint32_t chains =
        14; // twelve lose 1.4 %: two a cycle, done after five, need more than ten in flight
    constexpr std::uint32_t repeats = 2; // of the sixteen bytes in one register
    const __m256i sixteen_a = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)));
    const __m256i left = _mm256_xor_si256(sixteen_a, _mm256_set1_epi8(static_cast<char>(0x80))); // a + 128, unsigned
    const __m256i right = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b)));
    const __m256i zero = _mm256_setzero_si256();
    const auto steps = static_cast<std::uint32_t>(rounds) * chains * repeats;
    __m256i x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero;
    __m256i x6 = zero, x7 = zero, x8 = zero, x9 = zero, x10 = zero, x11 = zero;
    __m256i x12 = zero, x13 = zero;
    for (; rounds != 0; --rounds) {
        __asm__ volatile("%{vex%} vpdpbusd %[right], %[left], %0\n"
                         "%{vex%} vpdpbusd %[right], %[left], %1\n"
                         "%{vex%} vpdpbusd %[right], %[left], %2\n"
                         "%{vex%} vpdpbusd %[right], %[left], %3\n"
                         "%{vex%} vpdpbusd %[right], %[left], %4\n"
                         "%{vex%} vpdpbusd %[right], %[left], %5\n"
                         "%{vex%} vpdpbusd %[right], %[left], %6\n"
                         "%{vex%} vpdpbusd %[right], %[left], %7\n"
                         "%{vex%} vpdpbusd %[right], %[left], %8\n"
                         "%{vex%} vpdpbusd %[right], %[left], %9\n"
                         "%{vex%} vpdpbusd %[right], %[left], %10\n"
                         "%{vex%} vpdpbusd %[right], %[left], %11\n"
                         "%{vex%} vpdpbusd %[right], %[left], %12\n"
                         "%{vex%} vpdpbusd %[right], %[left], %13\n"
                         : "+x"(x0), "+x"(x1), "+x"(x2), "+x"(x3), "+x"(x4), "+x"(x5), "+x"(x6), "+x"(x7), "+x"(x8),
                           "+x"(x9), "+x"(x10), "+x"(x11), "+x"(x12), "+x"(x13)
                         : [left] "x"(left), [right] "x"(right));
    }
    const __m256i all[] = {x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13};
    __m256i sum = zero;
    for (const auto& chain : all) sum = _mm256_add_epi32(sum, chain);
    std::uint32_t sum_of_b = 0;
    for (std::size_t i = 0; i < 16; ++i) sum_of_b += static_cast<std::uint32_t>(b[i]);
    *out = sum_of_lanes(sum) - 128 * steps * sum_of_b;
}

} // namespace kaisar::kernels
