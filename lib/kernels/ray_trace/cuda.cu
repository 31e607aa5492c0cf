// One thread a ray.
#include "kernels/cuda_launch.h"
#include "kernels/ray_trace/device_math.h"

#include <cmath>

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 128;

struct DeviceArithmetic {
    static __host__ __device__ float fused(float a, float b, float c) { return fmaf(a, b, c); }
    static __host__ __device__ float with_sign_of(float size, float sign) { return copysignf(size, sign); }
};
using Tracer = RayTracer<DeviceArithmetic>;

__device__ TracedRay ray_at(const DeviceRays& rays, std::size_t i) {
    const auto number = [&](DeviceAddress from) { return reinterpret_cast<const float*>(from)[i]; };
    return Tracer::make_ray({number(rays.origin[0]), number(rays.origin[1]), number(rays.origin[2])},
                            {number(rays.direction[0]), number(rays.direction[1]), number(rays.direction[2])},
                            number(rays.reach));
}
__device__ RayTraceTree tree_at(const DeviceTree& tree) {
    return {reinterpret_cast<const RayTraceNode*>(tree.nodes), reinterpret_cast<const RayTraceBlock*>(tree.blocks)};
}

__global__ void __launch_bounds__(threads) nearest(DeviceTree tree, DeviceRays rays, DeviceHits hits) {
    const std::size_t i = std::size_t{blockIdx.x} * threads + threadIdx.x;
    if (i >= rays.count) return;
    const auto hit = Tracer::nearest(tree_at(tree), ray_at(rays, i));
    reinterpret_cast<float*>(hits.distance)[i] = hit.distance;
    reinterpret_cast<std::uint32_t*>(hits.triangle)[i] = hit.triangle;
    reinterpret_cast<float*>(hits.u)[i] = hit.u;
    reinterpret_cast<float*>(hits.v)[i] = hit.v;
}

__global__ void __launch_bounds__(threads) blocked(DeviceTree tree, DeviceRays rays, std::uint8_t* out) {
    const std::size_t i = std::size_t{blockIdx.x} * threads + threadIdx.x;
    if (i < rays.count) out[i] = Tracer::is_blocked(tree_at(tree), ray_at(rays, i)) ? 1 : 0;
}

} // namespace

int launch_trace_nearest(void* stream, const DeviceTree& tree, const DeviceRays& rays, const DeviceHits& hits) {
    const auto blocks = static_cast<unsigned>((rays.count + threads - 1) / threads);
    if (blocks == 0) return 0;
    nearest<<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(tree, rays, hits);
    return cudaGetLastError();
}

int launch_trace_blocked(void* stream, const DeviceTree& tree, const DeviceRays& rays, void* out) {
    const auto blocks = static_cast<unsigned>((rays.count + threads - 1) / threads);
    if (blocks == 0) return 0;
    blocked<<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(tree, rays, static_cast<std::uint8_t*>(out));
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
