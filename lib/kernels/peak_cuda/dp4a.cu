// The ceiling of dp4a: eight chains a thread, every operand in a register.
#include "kernels/cuda_peak.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned blocks_per_multiprocessor = 8, chains = 8;

__global__ void __launch_bounds__(peak_threads) accumulate(PeakOperands<4> g, std::size_t rounds, std::uint32_t* out) {
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
    const unsigned blocks = multiprocessors * blocks_per_multiprocessor;
    *operations = 2.0 * 16 * chains * peak_threads * blocks * static_cast<double>(rounds);
    return launch_peak(stream, blocks, accumulate, rounds, a, b, sum);
}

} // namespace kaisar::kernels::device
