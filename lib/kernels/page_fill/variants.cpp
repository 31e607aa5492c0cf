#include "kernels/page_fill/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<PageFill> table[] = {
    {"reference", {}, page_fill_reference},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, page_fill_avx2},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512", CpuFeature::avx512, page_fill_avx512},
#endif
#if defined(KAISAR_VARIANT_NEON)
    {"neon", CpuFeature::neon, page_fill_neon},
#endif
};

} // namespace

std::span<const Variant<PageFill>> page_fill_variants() { return table; }

} // namespace kaisar::kernels
