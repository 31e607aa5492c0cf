// The ceiling of mma.m8n8k16 on int8: sixteen chains a warp, every operand in a register.
#include "kernels/cuda_peak.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned blocks_per_multiprocessor = 4, chains = 16;

// Every row of A and column of B holds the 16 given numbers.
__global__ void __launch_bounds__(peak_threads) accumulate(PeakOperands<4> g, std::size_t rounds, std::uint32_t* out) {
    const auto a = word_of_lane(g.a), b = word_of_lane(g.b);
    std::int32_t c[chains][2] = {};
    for (; rounds != 0; --rounds)
#pragma unroll
        for (unsigned i = 0; i < chains; ++i)
            asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
                         : "+r"(c[i][0]), "+r"(c[i][1])
                         : "r"(a), "r"(b));
    std::uint32_t all = 0;
    for (const auto& chain : c)
        for (const auto one : chain) all += static_cast<std::uint32_t>(one);
    atomicAdd(out, all);
}

} // namespace

int launch_peak_s8_turing(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                          const std::int8_t* b, void* sum, double* operations) {
    const unsigned blocks = multiprocessors * blocks_per_multiprocessor;
    *operations = 2.0 * 8 * 8 * 16 * chains * (peak_threads / 32) * blocks * static_cast<double>(rounds);
    return launch_peak(stream, blocks, accumulate, rounds, a, b, sum);
}

} // namespace kaisar::kernels::device
