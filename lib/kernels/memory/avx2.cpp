// Writes go past the caches (streaming stores): otherwise every line would first be read, and that traffic is not
// counted.
#include "kernels/memory/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t line = 8; // doubles in a cache line

/// How many doubles come before the first cache line boundary.
std::size_t until_aligned(const double* c, std::size_t n) {
    const std::size_t count = (64 - reinterpret_cast<std::uintptr_t>(c) % 64) % 64 / sizeof(double);
    return count < n ? count : n;
}

__m256i load_words(const double* a) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a)); }

std::uint64_t word_of(const double* a) {
    std::uint64_t word;
    __builtin_memcpy(&word, a, sizeof word);
    return word;
}

} // namespace

std::uint64_t memory_read_avx2(const double* a, std::size_t n) noexcept {
    constexpr std::size_t streams = 4; // the prefetchers follow several at once; one does not fill the memory channels
    const std::size_t lines = n / line / streams, stream = lines * line;
    __m256i sums[2 * streams];
    for (auto& sum : sums) sum = _mm256_setzero_si256();
    for (std::size_t i = 0; i < stream; i += line) {
        for (std::size_t s = 0; s < streams; ++s) {
            sums[2 * s] = _mm256_add_epi64(sums[2 * s], load_words(a + s * stream + i));
            sums[2 * s + 1] = _mm256_add_epi64(sums[2 * s + 1], load_words(a + s * stream + i + 4));
        }
    }
    std::uint64_t total = 0;
    for (const auto& sum : sums) {
        std::uint64_t lanes[4];
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), sum);
        for (const auto lane : lanes) total += lane;
    }
    for (std::size_t i = streams * stream; i < n; ++i) total += word_of(a + i);
    return total;
}

void memory_write_avx2(double* c, double value, std::size_t n) noexcept {
    std::size_t i = 0;
    for (const std::size_t head = until_aligned(c, n); i < head; ++i) c[i] = value;
    const __m256d values = _mm256_set1_pd(value);
    for (; i + line <= n; i += line) {
        _mm256_stream_pd(c + i, values);
        _mm256_stream_pd(c + i + 4, values);
    }
    for (; i < n; ++i) c[i] = value;
    _mm_sfence();
}

void memory_copy_avx2(double* c, const double* a, std::size_t n) noexcept {
    std::size_t i = 0;
    for (const std::size_t head = until_aligned(c, n); i < head; ++i) c[i] = a[i];
    for (; i + line <= n; i += line) {
        _mm256_stream_pd(c + i, _mm256_loadu_pd(a + i));
        _mm256_stream_pd(c + i + 4, _mm256_loadu_pd(a + i + 4));
    }
    for (; i < n; ++i) c[i] = a[i];
    _mm_sfence();
}

void memory_triad_avx2(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept {
    std::size_t i = 0;
    for (const std::size_t head = until_aligned(c, n); i < head; ++i) c[i] = a[i] + factor * b[i];
    const __m256d factors = _mm256_set1_pd(factor);
    for (; i + line <= n; i += line) {
        _mm256_stream_pd(c + i, _mm256_fmadd_pd(factors, _mm256_loadu_pd(b + i), _mm256_loadu_pd(a + i)));
        _mm256_stream_pd(c + i + 4, _mm256_fmadd_pd(factors, _mm256_loadu_pd(b + i + 4), _mm256_loadu_pd(a + i + 4)));
    }
    for (; i < n; ++i) c[i] = a[i] + factor * b[i];
    _mm_sfence();
}

} // namespace kaisar::kernels
