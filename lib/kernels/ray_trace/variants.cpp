#include "kernels/ray_trace/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<RayTrace> table[] = {
    {"reference", {}, {ray_trace_nearest_reference, ray_trace_blocked_reference}},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, {ray_trace_nearest_avx2, ray_trace_blocked_avx2}},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512", CpuFeature::avx512, {ray_trace_nearest_avx512, ray_trace_blocked_avx512}},
#endif
#if defined(KAISAR_VARIANT_NEON)
    {"neon", CpuFeature::neon, {ray_trace_nearest_neon, ray_trace_blocked_neon}},
#endif
};

} // namespace

std::span<const Variant<RayTrace>> ray_trace_variants() { return table; }

} // namespace kaisar::kernels
