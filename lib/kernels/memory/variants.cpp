#include "kernels/memory/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<Memory> table[] = {
    {"reference", {}, {memory_read_reference, memory_write_reference, memory_copy_reference, memory_triad_reference}},
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2", CpuFeature::avx2, {memory_read_avx2, memory_write_avx2, memory_copy_avx2, memory_triad_avx2}},
    {"strings",
     CpuFeature::avx2,
     {memory_read_avx2_prefetching, memory_write_strings, memory_copy_strings, memory_triad_avx2_streaming}},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512", CpuFeature::avx512, {memory_read_avx512, memory_write_avx512, memory_copy_avx512, memory_triad_avx512}},
    {"avx512-streaming",
     CpuFeature::avx512,
     {memory_read_avx512, memory_write_avx512_streaming, memory_copy_avx512_streaming, memory_triad_avx512_streaming}},
#endif
#if defined(KAISAR_VARIANT_AVX2)
    {"avx2-streaming",
     CpuFeature::avx2,
     {memory_read_avx2_prefetching, memory_write_avx2_streaming, memory_copy_avx2_streaming,
      memory_triad_avx2_streaming}},
#endif
#if defined(KAISAR_VARIANT_NEON)
    {"neon", CpuFeature::neon, {memory_read_neon, memory_write_neon, memory_copy_neon, memory_triad_neon}},
    {"neon-streaming",
     CpuFeature::neon,
     {memory_read_neon, memory_write_neon_streaming, memory_copy_neon_streaming, memory_triad_neon_streaming}},
#endif
};

} // namespace

std::span<const Variant<Memory>> memory_variants() { return table; }

} // namespace kaisar::kernels
