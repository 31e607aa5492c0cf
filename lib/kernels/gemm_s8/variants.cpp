#include "kernels/gemm_s8/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<GemmS8> table[] = {
    {"reference", {}, {gemm_s8_reference, gemm_s8_reference_workspace_bytes}},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, {gemm_s8_avx2, gemm_s8_avx2_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_AVXVNNI)
    {"avxvnni", CpuFeature::avx_vnni, {gemm_s8_avxvnni, gemm_s8_avxvnni_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_AVX512VNNI)
    {"avx512vnni", CpuFeature::avx512_vnni, {gemm_s8_avx512vnni, gemm_s8_avx512vnni_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_AMX)
    {"amx", CpuFeature::avx512 | CpuFeature::amx, {gemm_s8_amx, gemm_s8_amx_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_NEON)
    {"neon", CpuFeature::neon, {gemm_s8_neon, gemm_s8_neon_workspace_bytes}},
#endif
#if defined(KAISAR_VARIANT_NEONDOT)
    {"neondot", CpuFeature::neon_dot, {gemm_s8_neondot, gemm_s8_neondot_workspace_bytes}},
#endif
};

} // namespace

std::span<const Variant<GemmS8>> gemm_s8_variants() { return table; }

} // namespace kaisar::kernels
