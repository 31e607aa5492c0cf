// The ceiling of mma.m16n8k32 on int8: eight chains a warp, every operand in a register.
#include "kernels/cuda_launch.h"

#include <cstring>

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 256, blocks_per_multiprocessor = 4, chains = 8;

struct Operands {
    std::uint32_t a[4], b[4];
};

// Every row of A and column of B holds the 16 given numbers twice, so a lane's four registers of A are one and the same
// word, and its two of B.
__global__ void __launch_bounds__(threads) accumulate(Operands g, std::size_t rounds, std::uint32_t* out) {
    const unsigned place = threadIdx.x % 4;
    const auto a = place == 0 ? g.a[0] : place == 1 ? g.a[1] : place == 2 ? g.a[2] : g.a[3];
    const auto b = place == 0 ? g.b[0] : place == 1 ? g.b[1] : place == 2 ? g.b[2] : g.b[3];
    std::int32_t c[chains][4] = {};
    for (; rounds != 0; --rounds)
#pragma unroll
        for (unsigned i = 0; i < chains; ++i)
            asm volatile(
                "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %4, %4, %4}, {%5, %5}, "
                "{%0, %1, %2, %3};"
                : "+r"(c[i][0]), "+r"(c[i][1]), "+r"(c[i][2]), "+r"(c[i][3])
                : "r"(a), "r"(b));
    std::uint32_t all = 0;
    for (const auto& chain : c)
        for (const auto one : chain) all += static_cast<std::uint32_t>(one);
    atomicAdd(out, all);
}

} // namespace

int launch_peak_s8_mma(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                       const std::int8_t* b, void* sum, double* operations) {
    Operands operands;
    std::memcpy(operands.a, a, sizeof operands.a);
    std::memcpy(operands.b, b, sizeof operands.b);
    const unsigned blocks = multiprocessors * blocks_per_multiprocessor;
    *operations = 2.0 * 16 * 8 * 32 * chains * (threads / 32) * blocks * static_cast<double>(rounds);
    accumulate<<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(operands, rounds,
                                                                          static_cast<std::uint32_t*>(sum));
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
