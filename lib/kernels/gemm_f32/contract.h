/// Single-precision matrix product, all three matrices in rows.
///
///     C[i][j] = sum over l of A[i][l] * B[l][j]      0 <= i < m, 0 <= j < n, 0 <= l < k
///
/// | operand | type  | shape | rows apart   | note                              |
/// |---------|-------|-------|--------------|-----------------------------------|
/// | a       | float | m x k | lda floats   |                                   |
/// | b       | float | k x n | ldb floats   |                                   |
/// | c       | float | m x n | ldc floats   | overwritten; all zero for k = 0   |
///
/// Accuracy: |C - exact| <= k * 2^-23 * (|A| |B|), element by element, in whatever order a variant adds (Higham,
/// Accuracy and Stability of Numerical Algorithms, §3.5, with room for one rounding more a term). Work: 2mnk
/// operations. `workspace` holds packed panels: gemm_f32_*_workspace_bytes(m, n, k) bytes, 64-byte aligned, contents
/// irrelevant before and after. One thread; callers split the rows of C. Any size, zero included. Cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

struct GemmF32Arguments {
    std::size_t m, n, k;
    const float* a;
    std::size_t lda;
    const float* b;
    std::size_t ldb;
    float* c;
    std::size_t ldc;
    std::uint8_t* workspace;
};

void gemm_f32_reference(const GemmF32Arguments& arguments) noexcept;
void gemm_f32_avx2(const GemmF32Arguments& arguments) noexcept;
void gemm_f32_avx512(const GemmF32Arguments& arguments) noexcept;
void gemm_f32_neon(const GemmF32Arguments& arguments) noexcept;

std::size_t gemm_f32_reference_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_f32_avx2_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_f32_avx512_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_f32_neon_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;

} // namespace kaisar::kernels
