/// The variants of ray_trace, plain first, fastest last.
#pragma once

#include "kernels/ray_trace/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

struct RayTrace {
    void (*nearest)(const RayTraceTree& tree, const RayTraceRays& rays, const RayTraceHits& hits) noexcept;
    void (*blocked)(const RayTraceTree& tree, const RayTraceRays& rays, std::uint8_t* blocked) noexcept;
};

std::span<const Variant<RayTrace>> ray_trace_variants();

} // namespace kaisar::kernels
