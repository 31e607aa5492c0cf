// The ceiling of mma.m16n8k16 on bfloat16: eight chains a warp, every operand in a register.
#include "kernels/cuda_launch.h"

#include <cstring>

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 256, blocks_per_multiprocessor = 4, chains = 8;

struct Operands {
    std::uint32_t a[8], b[8];
};

// Every row of A and column of B holds the 16 given numbers: of each a lane has the pair number lane % 4, and the pair
// four further on.
__global__ void __launch_bounds__(threads) accumulate(Operands g, std::size_t rounds, unsigned long long* out) {
    const unsigned place = threadIdx.x % 4;
    std::uint32_t a[2], b[2];
#pragma unroll
    for (unsigned half = 0; half < 2; ++half) {
        const auto *const from_a = g.a + 4 * half, *const from_b = g.b + 4 * half;
        a[half] = place == 0 ? from_a[0] : place == 1 ? from_a[1] : place == 2 ? from_a[2] : from_a[3];
        b[half] = place == 0 ? from_b[0] : place == 1 ? from_b[1] : place == 2 ? from_b[2] : from_b[3];
    }
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
    Operands operands;
    std::memcpy(operands.a, a, sizeof operands.a);
    std::memcpy(operands.b, b, sizeof operands.b);
    const unsigned blocks = multiprocessors * blocks_per_multiprocessor;
    *operations = 2.0 * 16 * 8 * 16 * chains * (threads / 32) * blocks * static_cast<double>(rounds);
    accumulate<<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(operands, rounds,
                                                                          static_cast<unsigned long long*>(sum));
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
