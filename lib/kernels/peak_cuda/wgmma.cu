// The ceiling of wgmma.m64n256k32 on int8: results in registers, operands that stay in shared memory.
#include "kernels/cuda_launch.h"
#include "kernels/cuda_wgmma.h"
#include "kernels/gemm_s8_cuda/device_wgmma.h"

#include <cstring>

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 256, warpgroups = threads / 128;
constexpr unsigned at_once = 4; // products under way, of a warpgroup

// All chunks of an operand are the same 16 numbers, so that it does not matter where a descriptor finds them.
__global__ void __launch_bounds__(threads, 1) accumulate(uint4 a, uint4 b, std::size_t rounds, std::uint32_t* out) {
    constexpr unsigned a_chunks = wgmma_group_rows * wgmma_row_bytes / 16,
                       b_chunks = wgmma_columns * wgmma_row_bytes / 16;
    __shared__ __align__(1024) uint4 shared[a_chunks + b_chunks];
    for (unsigned i = threadIdx.x; i < a_chunks + b_chunks; i += threads) shared[i] = i < a_chunks ? a : b;
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    __syncthreads();
    const auto from = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
    const auto of_a = wgmma_descriptor(from), of_b = wgmma_descriptor(from + 16 * a_chunks);
    std::int32_t c[wgmma_results] = {};
    for (; rounds != 0; --rounds) {
        begin_products();
#pragma unroll
        for (unsigned i = 0; i < at_once; ++i) multiply_add(c, of_a, of_b, true);
        commit_products();
        await_products<0>();
    }
    std::uint32_t all = 0;
#pragma unroll
    for (unsigned i = 0; i < wgmma_results; ++i) all += static_cast<std::uint32_t>(c[i]);
    atomicAdd(out, all);
}

} // namespace

int launch_peak_s8_wgmma(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                         const std::int8_t* b, void* sum, double* operations) {
    uint4 of_a, of_b;
    std::memcpy(&of_a, a, sizeof of_a);
    std::memcpy(&of_b, b, sizeof of_b);
    *operations = 2.0 * wgmma_group_rows * wgmma_columns * wgmma_depth * at_once * warpgroups * multiprocessors *
                  static_cast<double>(rounds);
    accumulate<<<multiprocessors, threads, 0, static_cast<cudaStream_t>(stream)>>>(of_a, of_b, rounds,
                                                                                   static_cast<std::uint32_t*>(sum));
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
