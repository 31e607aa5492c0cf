#include "kernels/sha256/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<Sha256Compress> table[] = {
    {"reference", {}, sha256_reference},
#if defined(KAISAR_VARIANT_SHA)
    {"sha", CpuFeature::sha, sha256_sha},
#endif
#if defined(KAISAR_VARIANT_NEONSHA)
    {"neonsha", CpuFeature::neon_sha, sha256_neonsha},
#endif
};

} // namespace

std::span<const Variant<Sha256Compress>> sha256_variants() { return table; }

} // namespace kaisar::kernels
