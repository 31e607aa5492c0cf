#include "kernels/memory/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<Memory> table[] = {
    {"reference", {}, {memory_read_reference, memory_write_reference, memory_copy_reference, memory_triad_reference}},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, {memory_read_avx2, memory_write_avx2, memory_copy_avx2, memory_triad_avx2}},
#endif
};

} // namespace

std::span<const Variant<Memory>> memory_variants() { return table; }

} // namespace kaisar::kernels
