#include "kernels/chacha8/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<Chacha8Blocks> table[] = {
    {"reference", {}, chacha8_reference},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, chacha8_avx2},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512", CpuFeature::avx512, chacha8_avx512},
#endif
#if defined(KAISAR_VARIANT_NEON)
    {"neon", CpuFeature::neon, chacha8_neon},
#endif
};

} // namespace

std::span<const Variant<Chacha8Blocks>> chacha8_variants() { return table; }

} // namespace kaisar::kernels
