/// What the arithmetic units can do at most: chains of instructions that touch nothing but registers.
///
/// | function  | every step of every chain        | result                                                          |
/// |-----------|----------------------------------|-----------------------------------------------------------------|
/// | peak_f32  | x = a*x + b, one fused operation | out[i] = mean over all chains of x in lane i, 8 lanes           |
/// | peak_f64  | the same in double precision     | the same, 4 lanes                                               |
/// | peak_s8   | exact sum of products a[i]*b[i]  | out = sum over all chains and lanes, modulo 2^32                |
/// | peak_bf16 | sum of products a[i]*b[i], float | out = sum over all chains and lanes, in double precision        |
///
/// a and b are 8 floats, 4 doubles, 16 int8 or 16 bfloat16, repeated across wider registers. The chains start at 0 (the
/// plain variants of peak_f32 and peak_f64: at different small numbers). So the answers are known beforehand:
///     peak_f32, peak_f64: out[i] = b[i] * (1 - a[i]^rounds) / (1 - a[i])    for |a[i]| < 1, to rounding
///     peak_s8:   out = rounds * op_per_round / 32 * sum over i of a[i]*b[i]  modulo 2^32
///     peak_bf16: the same without the modulus, exactly, for whole numbers a[i] and b[i] of at most 8 in magnitude
/// peak_bf16 is what products of bfloat16 with sums in single precision can reach: variants without an instruction for
/// them multiply what was converted beforehand, so theirs is the ceiling of single precision.
/// Work: `rounds` times the constant beside each declaration; a multiplication and an addition are one operation each.
/// Cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

void peak_f32_reference(std::size_t rounds, const float* a, const float* b, float* out) noexcept;
void peak_f32_avx2(std::size_t rounds, const float* a, const float* b, float* out) noexcept;
void peak_f32_avx512(std::size_t rounds, const float* a, const float* b, float* out) noexcept;
void peak_f32_neon(std::size_t rounds, const float* a, const float* b, float* out) noexcept;
inline constexpr std::size_t peak_f32_reference_flop_per_round = 2 * 4 * 8;
inline constexpr std::size_t peak_f32_avx2_flop_per_round = 2 * 12 * 8;
inline constexpr std::size_t peak_f32_avx512_flop_per_round = 2 * 12 * 16;
inline constexpr std::size_t peak_f32_neon_flop_per_round = 2 * 24 * 4;

void peak_f64_reference(std::size_t rounds, const double* a, const double* b, double* out) noexcept;
void peak_f64_avx2(std::size_t rounds, const double* a, const double* b, double* out) noexcept;
void peak_f64_avx512(std::size_t rounds, const double* a, const double* b, double* out) noexcept;
void peak_f64_neon(std::size_t rounds, const double* a, const double* b, double* out) noexcept;
inline constexpr std::size_t peak_f64_reference_flop_per_round = 2 * 4 * 4;
inline constexpr std::size_t peak_f64_avx2_flop_per_round = 2 * 12 * 4;
inline constexpr std::size_t peak_f64_avx512_flop_per_round = 2 * 12 * 8;
inline constexpr std::size_t peak_f64_neon_flop_per_round = 2 * 24 * 2;

void peak_bf16_reference(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept;
void peak_bf16_avx2(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept;
void peak_bf16_avx512(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept;
void peak_bf16_avx512bf16(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept;
void peak_bf16_amx(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept;
void peak_bf16_neon(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept;
void peak_bf16_neonbf16(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept;
inline constexpr std::size_t peak_bf16_reference_flop_per_round = 2 * 4 * 16;
inline constexpr std::size_t peak_bf16_avx2_flop_per_round = 2 * 12 * 8;
inline constexpr std::size_t peak_bf16_avx512_flop_per_round = 2 * 12 * 16;
inline constexpr std::size_t peak_bf16_avx512bf16_flop_per_round = 2 * 24 * 32;
inline constexpr std::size_t peak_bf16_amx_flop_per_round = 2 * 4 * 16 * 16 * 32;
inline constexpr std::size_t peak_bf16_neon_flop_per_round = 2 * 16 * 4;
inline constexpr std::size_t peak_bf16_neonbf16_flop_per_round = 2 * 20 * 16;

void peak_s8_reference(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept;
void peak_s8_avx2(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept;
void peak_s8_avxvnni(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept;
void peak_s8_avx512(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept;
void peak_s8_avx512vnni(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept;
void peak_s8_amx(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept;
void peak_s8_neon(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept;
void peak_s8_neondot(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept;
inline constexpr std::size_t peak_s8_reference_op_per_round = 2 * 4 * 16;
inline constexpr std::size_t peak_s8_avx2_op_per_round = 2 * 8 * 16;
inline constexpr std::size_t peak_s8_avxvnni_op_per_round = 2 * 14 * 32;
inline constexpr std::size_t peak_s8_avx512_op_per_round = 2 * 8 * 32;
inline constexpr std::size_t peak_s8_avx512vnni_op_per_round = 2 * 14 * 64;
inline constexpr std::size_t peak_s8_amx_op_per_round = 2 * 4 * 16 * 16 * 64;
inline constexpr std::size_t peak_s8_neon_op_per_round = 2 * 24 * 4;
inline constexpr std::size_t peak_s8_neondot_op_per_round = 2 * 24 * 16;

} // namespace kaisar::kernels
