#include "kernels/gemm_f32/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<GemmF32> table[] = {
    {"reference", {}, {gemm_f32_reference, gemm_f32_reference_workspace_bytes}},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, {gemm_f32_avx2, gemm_f32_avx2_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512", CpuFeature::avx512, {gemm_f32_avx512, gemm_f32_avx512_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_NEON)
    {"neon", CpuFeature::neon, {gemm_f32_neon, gemm_f32_neon_workspace_bytes}},
#endif
};

} // namespace

std::span<const Variant<GemmF32>> gemm_f32_variants() { return table; }

} // namespace kaisar::kernels
