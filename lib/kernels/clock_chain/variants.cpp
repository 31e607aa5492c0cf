#include "kernels/clock_chain/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<ClockChain> table[] = {
    {"reference", {}, clock_chain_reference},
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512", CpuFeature::avx512, clock_chain_avx512},
#endif
};

} // namespace

std::span<const Variant<ClockChain>> clock_chain_variants() { return table; }

} // namespace kaisar::kernels
