// The ceilings of wgmma.m64n256k32 on int8 and m64n256k16 on bfloat16: results in registers, operands that stay in
// shared memory.
#include "kernels/cuda_launch.h"
#include "kernels/cuda_wgmma.h"
#include "kernels/gemm_s8_cuda/device_wgmma.h"

#include <cstring>

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 256, warpgroups = threads / 128;
constexpr unsigned at_once = 4; // products under way, of a warpgroup

__device__ unsigned long long whole(std::int32_t sum) { return static_cast<std::uint32_t>(sum); }
__device__ unsigned long long whole(float sum) { return static_cast<unsigned long long>(__float2ll_rn(sum)); }

/// 32 bytes that every row of an operand repeats.
struct Row {
    uint4 chunk[2];
};

template <class Sum, class Out>
__global__ void __launch_bounds__(threads, 1) accumulate(Row a, Row b, std::size_t rounds, Out* out) {
    constexpr unsigned a_chunks = wgmma_group_rows * wgmma_row_bytes / 16,
                       b_chunks = wgmma_columns * wgmma_row_bytes / 16;
    __shared__ __align__(1024) uint4 shared[a_chunks + b_chunks];
    for (unsigned i = threadIdx.x; i < a_chunks + b_chunks; i += threads) {
        const auto& row = i < a_chunks ? a : b;
        shared[i] = wgmma_chunk_at(i) % 2 == 0 ? row.chunk[0] : row.chunk[1];
    }
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    __syncthreads();
    const auto from = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
    const auto of_a = wgmma_descriptor(from), of_b = wgmma_descriptor(from + 16 * a_chunks);
    Sum c[wgmma_results] = {};
    for (; rounds != 0; --rounds) {
        begin_products();
#pragma unroll
        for (unsigned i = 0; i < at_once; ++i) multiply_add(c, of_a, of_b, true);
        commit_products();
        await_products<0>();
    }
    unsigned long long all = 0;
#pragma unroll
    for (unsigned i = 0; i < wgmma_results; ++i) all += whole(c[i]);
    atomicAdd(out, static_cast<Out>(all));
}

constexpr double products_a_round = 1.0 * wgmma_group_rows * wgmma_columns * at_once * warpgroups; // each of 32 bytes

} // namespace

int launch_peak_s8_wgmma(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                         const std::int8_t* b, void* sum, double* operations) {
    Row of_a, of_b;
    for (auto& chunk : of_a.chunk) std::memcpy(&chunk, a, sizeof chunk);
    for (auto& chunk : of_b.chunk) std::memcpy(&chunk, b, sizeof chunk);
    *operations = 2 * 32 * products_a_round * multiprocessors * static_cast<double>(rounds);
    accumulate<std::int32_t><<<multiprocessors, threads, 0, static_cast<cudaStream_t>(stream)>>>(
        of_a, of_b, rounds, static_cast<std::uint32_t*>(sum));
    return cudaGetLastError();
}

int launch_peak_bf16_wgmma(void* stream, unsigned multiprocessors, std::size_t rounds, const std::uint16_t* a,
                           const std::uint16_t* b, void* sum, double* operations) {
    Row of_a, of_b;
    std::memcpy(&of_a, a, sizeof of_a);
    std::memcpy(&of_b, b, sizeof of_b);
    rounds = (rounds + at_once - 1) / at_once; // a sum takes in `at_once` products a round, and shall stay below 2^24
    *operations = 2 * 16 * products_a_round * multiprocessors * static_cast<double>(rounds);
    accumulate<float><<<multiprocessors, threads, 0, static_cast<cudaStream_t>(stream)>>>(
        of_a, of_b, rounds, static_cast<unsigned long long*>(sum));
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
