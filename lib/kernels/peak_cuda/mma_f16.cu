// The ceiling of exact int8 products by mma.m16n8k16 on halves: eight chains a warp, every operand in a register and
// turned into halves once.
#include "kernels/cuda_halves.h"
#include "kernels/cuda_launch.h"

#include <cstring>

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 256, blocks_per_multiprocessor = 2, chains = 8, instruction_depth = 16;
constexpr unsigned settled_rounds = exact_products / instruction_depth;

struct Operands {
    std::uint32_t a[4], b[4];
};

// Every row of A and column of B holds the 16 given numbers.
__global__ void __launch_bounds__(threads) accumulate(Operands g, std::size_t rounds, std::uint32_t* out) {
    const unsigned place = threadIdx.x % 4;
    const auto a = place == 0 ? g.a[0] : place == 1 ? g.a[1] : place == 2 ? g.a[2] : g.a[3];
    const auto b = place == 0 ? g.b[0] : place == 1 ? g.b[1] : place == 2 ? g.b[2] : g.b[3];
    float sum[chains][4] = {};
    std::int32_t total[chains][4] = {};
    while (rounds != 0) {
        const auto now = rounds < settled_rounds ? static_cast<unsigned>(rounds) : settled_rounds;
        for (unsigned round = 0; round < now; ++round)
#pragma unroll
            for (unsigned i = 0; i < chains; ++i) multiply_add_halves(sum[i], a, a, b);
        rounds -= now;
#pragma unroll
        for (unsigned i = 0; i < chains; ++i)
#pragma unroll
            for (unsigned element = 0; element < 4; ++element) settle(total[i][element], sum[i][element]);
    }
    std::uint32_t all = 0;
    for (const auto& chain : total)
        for (const auto one : chain) all += static_cast<std::uint32_t>(one);
    atomicAdd(out, all);
}

} // namespace

int launch_peak_s8_mma_f16(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                           const std::int8_t* b, void* sum, double* operations) {
    Operands operands;
    std::memcpy(operands.a, a, sizeof operands.a);
    std::memcpy(operands.b, b, sizeof operands.b);
    const unsigned blocks = multiprocessors * blocks_per_multiprocessor;
    *operations = 2.0 * 16 * 8 * instruction_depth * chains * (threads / 32) * blocks * static_cast<double>(rounds);
    accumulate<<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(operands, rounds,
                                                                          static_cast<std::uint32_t*>(sum));
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
