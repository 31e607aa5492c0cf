/// Double-precision matrix product, all three matrices in rows.
///
///     C[i][j] = sum over l of A[i][l] * B[l][j]      0 <= i < m, 0 <= j < n, 0 <= l < k
///
/// | operand | type   | shape | rows apart   | note                              |
/// |---------|--------|-------|--------------|-----------------------------------|
/// | a       | double | m x k | lda doubles  |                                   |
/// | b       | double | k x n | ldb doubles  |                                   |
/// | c       | double | m x n | ldc doubles  | overwritten; all zero for k = 0   |
///
/// Accuracy: |C - exact| <= k * 2^-52 * (|A| |B|), element by element, in whatever order a variant adds (Higham,
/// Accuracy and Stability of Numerical Algorithms, §3.5, with room for one rounding more a term). Work: 2mnk
/// operations. `workspace` holds packed panels: gemm_f64_*_workspace_bytes(m, n, k) bytes, 64-byte aligned, contents
/// irrelevant before and after. One thread; callers split the rows of C. Any size, zero included. Cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

struct GemmF64Arguments {
    std::size_t m, n, k;
    const double* a;
    std::size_t lda;
    const double* b;
    std::size_t ldb;
    double* c;
    std::size_t ldc;
    std::uint8_t* workspace;
};

void gemm_f64_reference(const GemmF64Arguments& arguments) noexcept;
void gemm_f64_avx2(const GemmF64Arguments& arguments) noexcept;
void gemm_f64_avx512(const GemmF64Arguments& arguments) noexcept;
void gemm_f64_neon(const GemmF64Arguments& arguments) noexcept;

std::size_t gemm_f64_reference_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_f64_avx2_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_f64_avx512_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_f64_neon_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;

} // namespace kaisar::kernels
