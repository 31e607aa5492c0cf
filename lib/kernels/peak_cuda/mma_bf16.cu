// The ceiling of mma.m16n8k16 on bfloat16: eight chains a warp, every operand in a register.
#include "kernels/cuda_peak.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned blocks_per_multiprocessor = 4, chains = 8;

// Every row of A and column of B holds the 16 given numbers: of each a lane has the pair number lane % 4, and the pair
// four further on.
__global__ void __launch_bounds__(peak_threads)
    accumulate(PeakOperands<8> g, std::size_t rounds, unsigned long long* out) {
    std::uint32_t a[2], b[2];
#pragma unroll
    for (unsigned half = 0; half < 2; ++half)
        a[half] = word_of_lane(g.a + 4 * half), b[half] = word_of_lane(g.b + 4 * half);
    float c[chains][4] = {};
    for (; rounds != 0; --rounds)
#pragma unroll
        for (unsigned i = 0; i < chains; ++i)
            asm volatile(
                "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %4, %5, %5}, {%6, %7}, "
                "{%0, %1, %2, %3};"
                : "+f"(c[i][0]), "+f"(c[i][1]), "+f"(c[i][2]), "+f"(c[i][3])
                : "r"(a[0]), "r"(a[1]), "r"(b[0]), "r"(b[1]));
    long long all = 0;
    for (const auto& chain : c)
        for (const auto one : chain) all += __float2ll_rn(one);
    atomicAdd(out, static_cast<unsigned long long>(all));
}

} // namespace

int launch_peak_bf16_mma(void* stream, unsigned multiprocessors, std::size_t rounds, const std::uint16_t* a,
                         const std::uint16_t* b, void* sum, double* operations) {
    const unsigned blocks = multiprocessors * blocks_per_multiprocessor;
    *operations = 2.0 * 16 * 8 * 16 * chains * (peak_threads / 32) * blocks * static_cast<double>(rounds);
    return launch_peak(stream, blocks, accumulate, rounds, a, b, sum);
}

} // namespace kaisar::kernels::device
