#include "kernels/sha256_many/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<Sha256Many> table[] = {
    {"reference", {}, sha256_many_reference},
#if defined(KAISAR_VARIANT_SHA)
    {"sha", CpuFeature::sha, sha256_many_sha},
#endif
#if defined(KAISAR_VARIANT_AVX512)
    {"avx512", CpuFeature::avx512, sha256_many_avx512},
#endif
#if defined(KAISAR_VARIANT_NEON)
    {"neon", CpuFeature::neon, sha256_many_neon},
#endif
#if defined(KAISAR_VARIANT_NEONSHA)
    {"neonsha", CpuFeature::neon_sha, sha256_many_neonsha},
#endif
};

} // namespace

std::span<const Variant<Sha256Many>> sha256_many_variants() { return table; }

} // namespace kaisar::kernels
