/// The four plain ways through main memory: read, write, copy, triad (McCalpin, STREAM, 1995).
///
/// | function     | does                             | bytes counted, n doubles |
/// |--------------|----------------------------------|--------------------------|
/// | memory_read  | sum of all words modulo 2^64     | 8n                       |
/// | memory_write | c[i] = value                     | 8n                       |
/// | memory_copy  | c[i] = a[i]                      | 16n                      |
/// | memory_triad | c[i] = a[i] + factor * b[i]      | 24n                      |
///
/// Arrays are 8-byte aligned and do not overlap; n may be anything. Variants may write past the caches, and then end
/// with the fence that makes it visible. Identical across all variants; the triad's elements are rounded twice or once
/// (fused), so they agree to one unit in the last place of factor * b[i] plus one of the result. Cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

std::uint64_t memory_read_reference(const double* a, std::size_t n) noexcept;
void memory_write_reference(double* c, double value, std::size_t n) noexcept;
void memory_copy_reference(double* c, const double* a, std::size_t n) noexcept;
void memory_triad_reference(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept;

std::uint64_t memory_read_avx2(const double* a, std::size_t n) noexcept;
void memory_write_avx2(double* c, double value, std::size_t n) noexcept;
void memory_copy_avx2(double* c, const double* a, std::size_t n) noexcept;
void memory_triad_avx2(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept;

std::uint64_t memory_read_avx2_prefetching(const double* a, std::size_t n) noexcept;
void memory_write_avx2_streaming(double* c, double value, std::size_t n) noexcept;
void memory_copy_avx2_streaming(double* c, const double* a, std::size_t n) noexcept;
void memory_triad_avx2_streaming(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept;

/// By `rep stosq` and `rep movsb`.
void memory_write_strings(double* c, double value, std::size_t n) noexcept;
void memory_copy_strings(double* c, const double* a, std::size_t n) noexcept;

std::uint64_t memory_read_avx512(const double* a, std::size_t n) noexcept;
void memory_write_avx512(double* c, double value, std::size_t n) noexcept;
void memory_copy_avx512(double* c, const double* a, std::size_t n) noexcept;
void memory_triad_avx512(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept;

void memory_write_avx512_streaming(double* c, double value, std::size_t n) noexcept;
void memory_copy_avx512_streaming(double* c, const double* a, std::size_t n) noexcept;
void memory_triad_avx512_streaming(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept;

std::uint64_t memory_read_neon(const double* a, std::size_t n) noexcept;
void memory_write_neon(double* c, double value, std::size_t n) noexcept;
void memory_copy_neon(double* c, const double* a, std::size_t n) noexcept;
void memory_triad_neon(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept;

void memory_write_neon_streaming(double* c, double value, std::size_t n) noexcept;
void memory_copy_neon_streaming(double* c, const double* a, std::size_t n) noexcept;
void memory_triad_neon_streaming(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept;

} // namespace kaisar::kernels
