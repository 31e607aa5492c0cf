// A whole cache line at a time, with regular stores and past the caches.
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

/// The lanes of the last, incomplete line.
__mmask8 rest_mask(std::size_t count) { return static_cast<__mmask8>((1u << count) - 1); }

template <Store store>
void put(double* c, __m512d values) {
    if constexpr (store == Store::streaming)
        _mm512_stream_pd(c, values);
    else
        _mm512_store_pd(c, values);
}

template <Store store>
void finish() {
    if constexpr (store == Store::streaming) _mm_sfence();
}

template <Store store>
void write(double* c, double value, std::size_t n) {
    std::size_t i = until_aligned(c, n);
    const __m512d values = _mm512_set1_pd(value);
    _mm512_mask_storeu_pd(c, rest_mask(i), values);
    for (; i + line <= n; i += line) put<store>(c + i, values);
    _mm512_mask_storeu_pd(c + i, rest_mask(n - i), values);
    finish<store>();
}

template <Store store>
void copy(double* c, const double* a, std::size_t n) {
    std::size_t i = until_aligned(c, n);
    _mm512_mask_storeu_pd(c, rest_mask(i), _mm512_maskz_loadu_pd(rest_mask(i), a));
    for (; i + line <= n; i += line) put<store>(c + i, _mm512_loadu_pd(a + i));
    _mm512_mask_storeu_pd(c + i, rest_mask(n - i), _mm512_maskz_loadu_pd(rest_mask(n - i), a + i));
    finish<store>();
}

template <Store store>
void triad(double* c, const double* a, const double* b, double factor, std::size_t n) {
    const __m512d factors = _mm512_set1_pd(factor);
    const auto masked = [&](std::size_t at, std::size_t count) {
        const auto mask = rest_mask(count);
        const __m512d x = _mm512_maskz_loadu_pd(mask, a + at), y = _mm512_maskz_loadu_pd(mask, b + at);
        _mm512_mask_storeu_pd(c + at, mask, _mm512_fmadd_pd(factors, y, x));
    };
    std::size_t i = until_aligned(c, n);
    masked(0, i);
    for (; i + line <= n; i += line)
        put<store>(c + i, _mm512_fmadd_pd(factors, _mm512_loadu_pd(b + i), _mm512_loadu_pd(a + i)));
    masked(i, n - i);
    finish<store>();
}

} // namespace

std::uint64_t memory_read_avx512(const double* a, std::size_t n) noexcept {
    constexpr std::size_t streams = 4; // as in the AVX2 variant
    const std::size_t lines = n / line / streams, stream = lines * line;
    __m512i sums[streams];
    for (auto& sum : sums) sum = _mm512_setzero_si512();
    for (std::size_t i = 0; i < stream; i += line)
        for (std::size_t s = 0; s < streams; ++s)
            sums[s] = _mm512_add_epi64(sums[s], _mm512_loadu_si512(a + s * stream + i));
    __m512i total = _mm512_add_epi64(_mm512_add_epi64(sums[0], sums[1]), _mm512_add_epi64(sums[2], sums[3]));
    std::size_t i = streams * stream;
    for (; i + line <= n; i += line) total = _mm512_add_epi64(total, _mm512_loadu_si512(a + i));
    total = _mm512_add_epi64(total, _mm512_maskz_loadu_epi64(rest_mask(n - i), a + i));
    return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(total));
}

void memory_write_avx512(double* c, double value, std::size_t n) noexcept { write<Store::regular>(c, value, n); }
void memory_copy_avx512(double* c, const double* a, std::size_t n) noexcept { copy<Store::regular>(c, a, n); }
void memory_triad_avx512(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept {
    triad<Store::regular>(c, a, b, factor, n);
}

void memory_write_avx512_streaming(double* c, double value, std::size_t n) noexcept {
    write<Store::streaming>(c, value, n);
}
void memory_copy_avx512_streaming(double* c, const double* a, std::size_t n) noexcept {
    copy<Store::streaming>(c, a, n);
}
void memory_triad_avx512_streaming(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept {
    triad<Store::streaming>(c, a, b, factor, n);
}

} // namespace kaisar::kernels
