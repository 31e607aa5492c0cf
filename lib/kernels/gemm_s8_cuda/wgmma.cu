// For Hopper: wgmma.m64n256k32 on int8.
#include "kernels/cuda_wgmma_product.h"

namespace kaisar::kernels::device {
namespace {

__global__ void __launch_bounds__(groups* group_threads, 1)
    multiply(const __grid_constant__ CUtensorMap a, const __grid_constant__ CUtensorMap b, DeviceGemm g) {
    extern __shared__ std::uint8_t shared[];
    multiply_by_wgmma<std::int32_t>(shared, a, b, g, g.k);
}

} // namespace

int launch_gemm_s8_wgmma(void* stream, const DeviceGemm& g) {
    if (g.n % wgmma_columns != 0 || g.k == 0) return launch_gemm_s8_mma(stream, g);
    if (g.m == 0 || g.n == 0) return 0;
    return launch_by_wgmma(stream, g, 1, multiply);
}

} // namespace kaisar::kernels::device
