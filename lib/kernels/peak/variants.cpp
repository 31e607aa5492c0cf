#include "kernels/peak/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<Peak> table[] = {
    {"reference",
     {},
     {peak_f32_reference, peak_f32_reference_flop_per_round, peak_s8_reference, peak_s8_reference_op_per_round}},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, {peak_f32_avx2, peak_f32_avx2_flop_per_round, peak_s8_avx2, peak_s8_avx2_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_AVXVNNI)
    {"avxvnni",
     CpuFeature::avx_vnni,
     {peak_f32_avx2, peak_f32_avx2_flop_per_round, peak_s8_avxvnni, peak_s8_avxvnni_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512",
     CpuFeature::avx512,
     {peak_f32_avx512, peak_f32_avx512_flop_per_round, peak_s8_avx512, peak_s8_avx512_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_AVX512VNNI)
    {"avx512vnni",
     CpuFeature::avx512_vnni,
     {peak_f32_avx512, peak_f32_avx512_flop_per_round, peak_s8_avx512vnni, peak_s8_avx512vnni_op_per_round}},
#endif
#if defined(KAISAR_VARIANT_AMX)
    {"amx",
     CpuFeature::avx512 | CpuFeature::amx_int8,
     {peak_f32_avx512, peak_f32_avx512_flop_per_round, peak_s8_amx, peak_s8_amx_op_per_round}},
#endif
};

} // namespace

std::span<const Variant<Peak>> peak_variants() { return table; }

} // namespace kaisar::kernels
