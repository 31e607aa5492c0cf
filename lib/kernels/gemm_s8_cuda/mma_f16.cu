// For GPUs since Ampere whose int8 units are weak: the exact product by mma.m16n8k16 on halves.
#include "kernels/cuda_halves.h"
#include "kernels/cuda_mma_product.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned warp_columns = 32; // no room in the registers for twice as many
constexpr unsigned settled_steps = exact_products / step_bytes;

struct Halves {
    static constexpr unsigned bytes = 1;
    using Sum = float;
    static __device__ void multiply_add(float* c, const std::uint32_t* a, const std::uint32_t* b) {
        multiply_add_halves(c, a[0], a[1], b[0]);
        multiply_add_halves(c, a[2], a[3], b[1]);
    }
};

using Totals = MmaResults<std::int32_t, warp_columns>;
using Sums = MmaResults<float, warp_columns>;

__device__ void settle_all(Totals& totals, Sums& sums) {
#pragma unroll
    for (unsigned i = 0; i < mma_a_fragments; ++i)
#pragma unroll
        for (unsigned j = 0; j < warp_columns / 8; ++j)
#pragma unroll
            for (unsigned element = 0; element < 4; ++element) settle(totals[i][j][element], sums[i][j][element]);
}

__global__ void __launch_bounds__(product_threads, 1) multiply(DeviceGemm g) {
    extern __shared__ __align__(128) std::uint8_t shared[];
    Totals totals = {};
    Sums sums = {};
    multiply_tile<Halves, warp_columns>(g, shared, sums, [&](unsigned step, Sums& c) {
        if (step % settled_steps == settled_steps - 1) settle_all(totals, c);
    });
    settle_all(totals, sums);
    write_tile<std::int32_t, warp_columns>(g, totals);
}

} // namespace

int launch_gemm_s8_mma_f16(void* stream, const DeviceGemm& g) {
    return launch_product<warp_columns>(stream, g, multiply);
}

} // namespace kaisar::kernels::device
