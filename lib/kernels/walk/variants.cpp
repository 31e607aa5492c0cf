#include "kernels/walk/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<Walk> table[] = {
    {"reference", {}, walk_reference},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, walk_avx2},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512", CpuFeature::avx512, walk_avx512},
#endif
};

} // namespace

std::span<const Variant<Walk>> walk_variants() { return table; }

} // namespace kaisar::kernels
