#include "kernels/gemm_bf16/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<GemmBf16> table[] = {
    {"reference", {}, {gemm_bf16_reference, gemm_bf16_reference_workspace_bytes}},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, {gemm_bf16_avx2, gemm_bf16_avx2_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512", CpuFeature::avx512, {gemm_bf16_avx512, gemm_bf16_avx512_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_AVX512BF16)
    {"avx512bf16", CpuFeature::avx512_bf16, {gemm_bf16_avx512bf16, gemm_bf16_avx512bf16_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_AMX)
    {"amx", CpuFeature::avx512 | CpuFeature::amx, {gemm_bf16_amx, gemm_bf16_amx_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_NEON)
    {"neon", CpuFeature::neon, {gemm_bf16_neon, gemm_bf16_neon_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_NEONBF16)
    {"neonbf16", CpuFeature::neon_bf16, {gemm_bf16_neonbf16, gemm_bf16_neonbf16_workspace_bytes}},
#endif
};

} // namespace

std::span<const Variant<GemmBf16>> gemm_bf16_variants() { return table; }

} // namespace kaisar::kernels
