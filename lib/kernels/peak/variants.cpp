#include "kernels/peak/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<Peak> table[] = {
    {"reference",
     {},
     {.f32 = peak_f32_reference,
      .f32_flop_per_round = peak_f32_reference_flop_per_round,
      .f64 = peak_f64_reference,
      .f64_flop_per_round = peak_f64_reference_flop_per_round,
      .bf16 = peak_bf16_reference,
      .bf16_flop_per_round = peak_bf16_reference_flop_per_round,
      .s8 = peak_s8_reference,
      .s8_op_per_round = peak_s8_reference_op_per_round}},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2",
     CpuFeature::avx2,
     {.f32 = peak_f32_avx2,
      .f32_flop_per_round = peak_f32_avx2_flop_per_round,
      .f64 = peak_f64_avx2,
      .f64_flop_per_round = peak_f64_avx2_flop_per_round,
      .bf16 = peak_bf16_avx2,
      .bf16_flop_per_round = peak_bf16_avx2_flop_per_round,
      .s8 = peak_s8_avx2,
      .s8_op_per_round = peak_s8_avx2_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_AVXVNNI)
    {"avxvnni",
     CpuFeature::avx_vnni,
     {.f32 = peak_f32_avx2,
      .f32_flop_per_round = peak_f32_avx2_flop_per_round,
      .f64 = peak_f64_avx2,
      .f64_flop_per_round = peak_f64_avx2_flop_per_round,
      .bf16 = peak_bf16_avx2,
      .bf16_flop_per_round = peak_bf16_avx2_flop_per_round,
      .s8 = peak_s8_avxvnni,
      .s8_op_per_round = peak_s8_avxvnni_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512",
     CpuFeature::avx512,
     {.f32 = peak_f32_avx512,
      .f32_flop_per_round = peak_f32_avx512_flop_per_round,
      .f64 = peak_f64_avx512,
      .f64_flop_per_round = peak_f64_avx512_flop_per_round,
      .bf16 = peak_bf16_avx512,
      .bf16_flop_per_round = peak_bf16_avx512_flop_per_round,
      .s8 = peak_s8_avx512,
      .s8_op_per_round = peak_s8_avx512_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_AVX512VNNI)
    {"avx512vnni",
     CpuFeature::avx512_vnni,
     {.f32 = peak_f32_avx512,
      .f32_flop_per_round = peak_f32_avx512_flop_per_round,
      .f64 = peak_f64_avx512,
      .f64_flop_per_round = peak_f64_avx512_flop_per_round,
      .bf16 = peak_bf16_avx512,
      .bf16_flop_per_round = peak_bf16_avx512_flop_per_round,
      .s8 = peak_s8_avx512vnni,
      .s8_op_per_round = peak_s8_avx512vnni_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_AVX512BF16)
    {"avx512bf16",
     CpuFeature::avx512_vnni | CpuFeature::avx512_bf16,
     {.f32 = peak_f32_avx512,
      .f32_flop_per_round = peak_f32_avx512_flop_per_round,
      .f64 = peak_f64_avx512,
      .f64_flop_per_round = peak_f64_avx512_flop_per_round,
      .bf16 = peak_bf16_avx512bf16,
      .bf16_flop_per_round = peak_bf16_avx512bf16_flop_per_round,
      .s8 = peak_s8_avx512vnni,
      .s8_op_per_round = peak_s8_avx512vnni_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_AMX)
    {"amx",
     CpuFeature::avx512 | CpuFeature::amx,
     {.f32 = peak_f32_avx512,
      .f32_flop_per_round = peak_f32_avx512_flop_per_round,
      .f64 = peak_f64_avx512,
      .f64_flop_per_round = peak_f64_avx512_flop_per_round,
      .bf16 = peak_bf16_amx,
      .bf16_flop_per_round = peak_bf16_amx_flop_per_round,
      .s8 = peak_s8_amx,
      .s8_op_per_round = peak_s8_amx_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_NEON)
    {"neon",
     CpuFeature::neon,
     {.f32 = peak_f32_neon,
      .f32_flop_per_round = peak_f32_neon_flop_per_round,
      .f64 = peak_f64_neon,
      .f64_flop_per_round = peak_f64_neon_flop_per_round,
      .bf16 = peak_bf16_neon,
      .bf16_flop_per_round = peak_bf16_neon_flop_per_round,
      .s8 = peak_s8_neon,
      .s8_op_per_round = peak_s8_neon_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_NEONDOT)
    {"neondot",
     CpuFeature::neon_dot,
     {.f32 = peak_f32_neon,
      .f32_flop_per_round = peak_f32_neon_flop_per_round,
      .f64 = peak_f64_neon,
      .f64_flop_per_round = peak_f64_neon_flop_per_round,
      .bf16 = peak_bf16_neon,
      .bf16_flop_per_round = peak_bf16_neon_flop_per_round,
      .s8 = peak_s8_neondot,
      .s8_op_per_round = peak_s8_neondot_op_per_round}},
    {"neonbf16",
     CpuFeature::neon_dot | CpuFeature::neon_bf16,
     {.f32 = peak_f32_neon,
      .f32_flop_per_round = peak_f32_neon_flop_per_round,
      .f64 = peak_f64_neon,
      .f64_flop_per_round = peak_f64_neon_flop_per_round,
      .bf16 = peak_bf16_neonbf16,
      .bf16_flop_per_round = peak_bf16_neonbf16_flop_per_round,
      .s8 = peak_s8_neondot,
      .s8_op_per_round = peak_s8_neondot_op_per_round}},
#endif
};

} // namespace

std::span<const Variant<Peak>> peak_variants() { return table; }

} // namespace kaisar::kernels
