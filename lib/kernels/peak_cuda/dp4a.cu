// The ceiling of dp4a: eight chains a thread, every operand in a register.
#include "kernels/cuda_launch.h"

#include <cstring>

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 256, blocks_per_multiprocessor = 8, chains = 8;

struct Operands {
    std::int32_t a[4], b[4];
};

__global__ void __launch_bounds__(threads) accumulate(Operands g, std::size_t rounds, std::uint32_t* out) {
    std::int32_t sum[chains] = {};
    for (; rounds != 0; --rounds)
#pragma unroll
        for (int word = 0; word < 4; ++word)
#pragma unroll
            for (unsigned i = 0; i < chains; ++i)
                asm volatile("dp4a.s32.s32 %0, %1, %2, %0;" : "+r"(sum[i]) : "r"(g.a[word]), "r"(g.b[word]));
    std::uint32_t all = 0;
    for (const auto one : sum) all += static_cast<std::uint32_t>(one);
    atomicAdd(out, all);
}

} // namespace

int launch_peak_s8_dp4a(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                        const std::int8_t* b, void* sum, double* operations) {
    Operands operands;
    std::memcpy(operands.a, a, sizeof operands.a);
    std::memcpy(operands.b, b, sizeof operands.b);
    const unsigned blocks = multiprocessors * blocks_per_multiprocessor;
    *operations = 2.0 * 16 * chains * threads * blocks * static_cast<double>(rounds);
    accumulate<<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(operands, rounds,
                                                                          static_cast<std::uint32_t*>(sum));
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
