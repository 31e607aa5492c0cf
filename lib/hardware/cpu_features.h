/// What this processor can execute: the instruction sets that the kernels have variants for.
#pragma once

#include <cstdint>
#include <string>

namespace kaisar {

/// One bit per instruction set extension, as far as both the processor and the operating system support it.
enum class CpuFeature : std::uint32_t {
    avx2 = 1u << 0,   ///< AVX2 with FMA and BMI2
    avx512 = 1u << 1, ///< AVX-512 F, BW, DQ, VL
    avx512_vnni = 1u << 2,
    avx512_bf16 = 1u << 3,
    avx_vnni = 1u << 4,
    sha = 1u << 5, ///< SHA-NI with SSSE3 and SSE4.1
    neon = 1u << 6,
    neon_dot = 1u << 7,   ///< sdot and udot, which ARMv8.2 processors may have
    neon_sha = 1u << 9,   ///< ARMv8 instructions for SHA-256
    neon_bf16 = 1u << 10, ///< bfmmla and bfdot, which ARMv8.6 processors have
    amx = 1u << 8,        ///< AMX tiles with 8-bit and bfloat16 products, and the kernel's permission to use them
};

class CpuFeatures {
public:
    constexpr CpuFeatures() = default;
    constexpr CpuFeatures(CpuFeature feature) : bits_(static_cast<std::uint32_t>(feature)) {}
    constexpr CpuFeatures operator|(CpuFeatures other) const { return CpuFeatures(bits_ | other.bits_); }
    constexpr bool includes(CpuFeatures wanted) const { return (bits_ & wanted.bits_) == wanted.bits_; }

private:
    constexpr explicit CpuFeatures(std::uint32_t bits) : bits_(bits) {}
    std::uint32_t bits_ = 0;
};

constexpr CpuFeatures operator|(CpuFeature a, CpuFeature b) { return CpuFeatures(a) | CpuFeatures(b); }

/// Reads CPUID and the state that the operating system saves (XGETBV), or what Linux says of an ARM processor. Called
/// once, in main; the result is passed on.
CpuFeatures detect_cpu_features();

/// Space-separated names, for reports: "avx2 avx512 sha".
std::string names_of(CpuFeatures features);

} // namespace kaisar
