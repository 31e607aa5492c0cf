/// Exact 8-bit integer matrix product with both operands K-major.
///
///     C[i][j] = sum over l of A[i][l] * B[j][l]      0 <= i < m, 0 <= j < n, 0 <= l < k
///
/// | operand | type   | shape | rows apart | note                                             |
/// |---------|--------|-------|------------|--------------------------------------------------|
/// | a       | int8   | m x k | lda bytes  | full range, -128 included                        |
/// | b       | int8   | n x k | ldb bytes  | the columns of B, each contiguous                |
/// | c       | int32  | m x n | ldc int32s | overwritten; every element exact modulo 2^32     |
///
/// Exact (no wrap-around) for every input up to k = 131071; bit-identical across all variants for every k.
/// Work: 2mnk operations. `workspace` holds packed panels: gemm_s8_*_workspace_bytes(m, n, k) bytes, 64-byte aligned,
/// contents irrelevant before and after. Packing B costs n*k bytes whatever m is, so the longer side belongs into m;
/// rows of A that lie near a multiple of 1024 bytes apart are copied first, and 64 bytes more between them spare that.
/// One thread; callers split the rows of C. Any size, zero included. Cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

struct GemmS8Arguments {
    std::size_t m, n, k;
    const std::int8_t* a;
    std::size_t lda;
    const std::int8_t* b;
    std::size_t ldb;
    std::int32_t* c;
    std::size_t ldc;
    std::uint8_t* workspace;
};

void gemm_s8_reference(const GemmS8Arguments& arguments) noexcept;
void gemm_s8_avx2(const GemmS8Arguments& arguments) noexcept;
void gemm_s8_avxvnni(const GemmS8Arguments& arguments) noexcept;
void gemm_s8_avx512vnni(const GemmS8Arguments& arguments) noexcept;
void gemm_s8_amx(const GemmS8Arguments& arguments) noexcept;
void gemm_s8_neon(const GemmS8Arguments& arguments) noexcept;
void gemm_s8_neondot(const GemmS8Arguments& arguments) noexcept;

std::size_t gemm_s8_reference_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_s8_avx2_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_s8_avxvnni_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_s8_avx512vnni_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_s8_amx_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_s8_neon_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;
std::size_t gemm_s8_neondot_workspace_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept;

} // namespace kaisar::kernels
