#include "kernels/gemm_f64/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<GemmF64> table[] = {
    {"reference", {}, {gemm_f64_reference, gemm_f64_reference_workspace_bytes}},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, {gemm_f64_avx2, gemm_f64_avx2_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512", CpuFeature::avx512, {gemm_f64_avx512, gemm_f64_avx512_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_NEON)
    {"neon", CpuFeature::neon, {gemm_f64_neon, gemm_f64_neon_workspace_bytes}},
#endif
};

} // namespace

std::span<const Variant<GemmF64>> gemm_f64_variants() { return table; }

} // namespace kaisar::kernels
