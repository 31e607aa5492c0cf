// stnp tells the processor that nobody reads these lines again. Whether it then spares reading them first is the
// processor's choice; most see whole lines being written and spare it anyway. Intrinsics have no such store.
#include "kernels/memory/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t line = 8; // doubles in a cache line

std::uint64_t word_of(const double* a) {
    std::uint64_t word;
    __builtin_memcpy(&word, a, sizeof word);
    return word;
}

uint64x2_t load_words(const double* a) { return vreinterpretq_u64_f64(vld1q_f64(a)); }

__attribute__((always_inline)) inline void write_line(double* c, float64x2_t v0, float64x2_t v1, float64x2_t v2,
                                                      float64x2_t v3) {
    vst1q_f64(c, v0), vst1q_f64(c + 2, v1), vst1q_f64(c + 4, v2), vst1q_f64(c + 6, v3);
}

/// A cache line of c, past the caches.
__attribute__((always_inline)) inline void store_line(double* c, float64x2_t v0, float64x2_t v1, float64x2_t v2,
                                                      float64x2_t v3) {
    __asm__ volatile("stnp %q[v0], %q[v1], [%[c]]\n"
                     "stnp %q[v2], %q[v3], [%[c], #32]\n"
                     :
                     : [c] "r"(c), [v0] "w"(v0), [v1] "w"(v1), [v2] "w"(v2), [v3] "w"(v3)
                     : "memory");
}

} // namespace

std::uint64_t memory_read_neon(const double* a, std::size_t n) noexcept {
    constexpr std::size_t streams = 4; // the prefetchers follow several at once; one does not fill the memory channels
    const std::size_t lines = n / line / streams, stream = lines * line;
    uint64x2_t sums[streams][4];
    for (auto& of_stream : sums)
        for (auto& sum : of_stream) sum = vdupq_n_u64(0);
    for (std::size_t i = 0; i < stream; i += line) {
#pragma GCC unroll 4
        for (std::size_t s = 0; s < streams; ++s) {
#pragma GCC unroll 4
            for (std::size_t v = 0; v < 4; ++v)
                sums[s][v] = vaddq_u64(sums[s][v], load_words(a + s * stream + i + 2 * v));
        }
    }
    std::uint64_t total = 0;
    for (const auto& of_stream : sums)
        for (const auto& sum : of_stream) total += vaddvq_u64(sum);
    for (std::size_t i = streams * stream; i < n; ++i) total += word_of(a + i);
    return total;
}

void memory_write_neon(double* c, double value, std::size_t n) noexcept {
    const float64x2_t values = vdupq_n_f64(value);
    std::size_t i = 0;
    for (; i + line <= n; i += line) write_line(c + i, values, values, values, values);
    for (; i < n; ++i) c[i] = value;
}

void memory_copy_neon(double* c, const double* a, std::size_t n) noexcept {
    std::size_t i = 0;
    for (; i + line <= n; i += line)
        write_line(c + i, vld1q_f64(a + i), vld1q_f64(a + i + 2), vld1q_f64(a + i + 4), vld1q_f64(a + i + 6));
    for (; i < n; ++i) c[i] = a[i];
}

void memory_triad_neon(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept {
    std::size_t i = 0;
    for (; i + line <= n; i += line) {
        float64x2_t sums[4];
#pragma GCC unroll 4
        for (std::size_t v = 0; v < 4; ++v)
            sums[v] = vfmaq_n_f64(vld1q_f64(a + i + 2 * v), vld1q_f64(b + i + 2 * v), factor);
        write_line(c + i, sums[0], sums[1], sums[2], sums[3]);
    }
    for (; i < n; ++i) c[i] = a[i] + factor * b[i];
}

void memory_write_neon_streaming(double* c, double value, std::size_t n) noexcept {
    const float64x2_t values = vdupq_n_f64(value);
    std::size_t i = 0;
    for (; i + line <= n; i += line) store_line(c + i, values, values, values, values);
    for (; i < n; ++i) c[i] = value;
}

void memory_copy_neon_streaming(double* c, const double* a, std::size_t n) noexcept {
    std::size_t i = 0;
    for (; i + line <= n; i += line)
        store_line(c + i, vld1q_f64(a + i), vld1q_f64(a + i + 2), vld1q_f64(a + i + 4), vld1q_f64(a + i + 6));
    for (; i < n; ++i) c[i] = a[i];
}

void memory_triad_neon_streaming(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept {
    std::size_t i = 0;
    for (; i + line <= n; i += line) {
        float64x2_t sums[4];
#pragma GCC unroll 4
        for (std::size_t v = 0; v < 4; ++v)
            sums[v] = vfmaq_n_f64(vld1q_f64(a + i + 2 * v), vld1q_f64(b + i + 2 * v), factor);
        store_line(c + i, sums[0], sums[1], sums[2], sums[3]);
    }
    for (; i < n; ++i) c[i] = a[i] + factor * b[i];
}

} // namespace kaisar::kernels
