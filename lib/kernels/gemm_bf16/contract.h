/// Matrix product of bfloat16 with sums in single precision, all three matrices in rows.
///
///     C[i][j] = sum over l of A[i][l] * B[l][j]      0 <= i < m, 0 <= j < n, 0 <= l < k
///
/// | operand | type     | shape | rows apart   | note                              |
/// |---------|----------|-------|--------------|-----------------------------------|
/// | a       | bfloat16 | m x k | lda numbers  | the upper half of a float's bits  |
/// | b       | bfloat16 | k x n | ldb numbers  |                                   |
/// | c       | float    | m x n | ldc floats   | overwritten; all zero for k = 0   |
///
/// Accuracy: |C - exact| <= k * 2^-23 * (|A| |B|) + k * 2^-125, element by element, in whatever order a variant adds:
/// each product is exact in single precision, each sum is rounded at most twice, and what is below 2^-126 may become
/// zero. Numbers of A and B below 2^-126 in magnitude may count as zero: processors with an instruction for bfloat16 do
/// so. Work: 2mnk operations. `workspace` holds packed panels: gemm_bf16_*_workspace_bytes(m, n, k) bytes, 64-byte
/// aligned, contents irrelevant before and after. One thread; callers split the rows of C. Any size, zero included.
/// Cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

struct GemmBf16Arguments {
    std::size_t m, n, k;
    const std::uint16_t* a;
    std::size_t lda;
    const std::uint16_t* b;
    std::size_t ldb;
    float* c;
    std::size_t ldc;
    std::uint8_t* workspace;
};

void gemm_bf16_reference(const GemmBf16Arguments& arguments) noexcept;
void gemm_bf16_avx2(const GemmBf16Arguments& arguments) noexcept;
void gemm_bf16_avx512(const GemmBf16Arguments& arguments) noexcept;
void gemm_bf16_avx512bf16(const GemmBf16Arguments& arguments) noexcept;
void gemm_bf16_amx(const GemmBf16Arguments& arguments) noexcept;
void gemm_bf16_neon(const GemmBf16Arguments& arguments) noexcept;
void gemm_bf16_neonbf16(const GemmBf16Arguments& arguments) noexcept;

std::size_t gemm_bf16_reference_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_bf16_avx2_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_bf16_avx512_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_bf16_avx512bf16_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_bf16_amx_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_bf16_neon_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_bf16_neonbf16_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;

} // namespace kaisar::kernels
