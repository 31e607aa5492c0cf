// Three ways to write. Regular stores read every line before they write it, which nobody counts, but stay in the caches
// where the arrays fit. Streaming stores go past the caches. String instructions let the processor choose.
#include "kernels/memory/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

enum class Store { regular, streaming };

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

template <Store store>
void put(double* c, __m256d values) {
    if constexpr (store == Store::streaming)
        _mm256_stream_pd(c, values);
    else
        _mm256_store_pd(c, values);
}

template <Store store>
void finish() {
    if constexpr (store == Store::streaming) _mm_sfence();
}

template <Store store>
void write(double* c, double value, std::size_t n) {
    std::size_t i = 0;
    for (const std::size_t head = until_aligned(c, n); i < head; ++i) c[i] = value;
    const __m256d values = _mm256_set1_pd(value);
    for (; i + line <= n; i += line) {
        put<store>(c + i, values);
        put<store>(c + i + 4, values);
    }
    for (; i < n; ++i) c[i] = value;
    finish<store>();
}

template <Store store>
void copy(double* c, const double* a, std::size_t n) {
    std::size_t i = 0;
    for (const std::size_t head = until_aligned(c, n); i < head; ++i) c[i] = a[i];
    for (; i + line <= n; i += line) {
        const __m256d low = _mm256_loadu_pd(a + i), high = _mm256_loadu_pd(a + i + 4);
        put<store>(c + i, low);
        put<store>(c + i + 4, high);
    }
    for (; i < n; ++i) c[i] = a[i];
    finish<store>();
}

template <Store store>
void triad(double* c, const double* a, const double* b, double factor, std::size_t n) {
    std::size_t i = 0;
    for (const std::size_t head = until_aligned(c, n); i < head; ++i) c[i] = a[i] + factor * b[i];
    const __m256d factors = _mm256_set1_pd(factor);
    for (; i + line <= n; i += line) {
        put<store>(c + i, _mm256_fmadd_pd(factors, _mm256_loadu_pd(b + i), _mm256_loadu_pd(a + i)));
        put<store>(c + i + 4, _mm256_fmadd_pd(factors, _mm256_loadu_pd(b + i + 4), _mm256_loadu_pd(a + i + 4)));
    }
    for (; i < n; ++i) c[i] = a[i] + factor * b[i];
    finish<store>();
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

/// One stream, and each line asked for while those of 2 KiB before it are added.
std::uint64_t memory_read_avx2_prefetching(const double* a, std::size_t n) noexcept {
    constexpr std::size_t ahead = 32 * line;
    __m256i sums[8];
    for (auto& sum : sums) sum = _mm256_setzero_si256();
    std::size_t i = 0;
    for (; i + 4 * line <= n; i += 4 * line) {
        for (std::size_t l = 0; l < 4; ++l) {
            // Beyond the end nothing is fetched and nothing faults.
            _mm_prefetch(reinterpret_cast<const char*>(reinterpret_cast<std::uintptr_t>(a + i) +
                                                       (ahead + l * line) * sizeof(double)),
                         _MM_HINT_T0);
            sums[2 * l] = _mm256_add_epi64(sums[2 * l], load_words(a + i + l * line));
            sums[2 * l + 1] = _mm256_add_epi64(sums[2 * l + 1], load_words(a + i + l * line + 4));
        }
    }
    std::uint64_t total = 0;
    for (const auto& sum : sums) {
        std::uint64_t lanes[4];
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), sum);
        for (const auto lane : lanes) total += lane;
    }
    for (; i < n; ++i) total += word_of(a + i);
    return total;
}

void memory_write_avx2(double* c, double value, std::size_t n) noexcept { write<Store::regular>(c, value, n); }
void memory_copy_avx2(double* c, const double* a, std::size_t n) noexcept { copy<Store::regular>(c, a, n); }
void memory_triad_avx2(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept {
    triad<Store::regular>(c, a, b, factor, n);
}

void memory_write_avx2_streaming(double* c, double value, std::size_t n) noexcept {
    write<Store::streaming>(c, value, n);
}
void memory_copy_avx2_streaming(double* c, const double* a, std::size_t n) noexcept { copy<Store::streaming>(c, a, n); }
void memory_triad_avx2_streaming(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept {
    triad<Store::streaming>(c, a, b, factor, n);
}

void memory_write_strings(double* c, double value, std::size_t n) noexcept {
    std::uint64_t word;
    __builtin_memcpy(&word, &value, sizeof word);
    __asm__ volatile("rep stosq" : "+D"(c), "+c"(n) : "a"(word) : "memory");
}

void memory_copy_strings(double* c, const double* a, std::size_t n) noexcept {
    std::size_t bytes = n * sizeof(double);
    __asm__ volatile("rep movsb" : "+D"(c), "+S"(a), "+c"(bytes) : : "memory");
}

} // namespace kaisar::kernels
