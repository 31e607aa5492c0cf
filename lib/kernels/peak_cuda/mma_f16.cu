// The ceiling of exact int8 products by mma.m16n8k16 on halves: eight chains a warp, every operand in a register and
// turned into halves once.
#include "kernels/cuda_halves.h"
#include "kernels/cuda_peak.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned blocks_per_multiprocessor = 2, chains = 8, instruction_depth = 16;
constexpr unsigned settled_rounds = exact_products / instruction_depth;

// Every row of A and column of B holds the 16 given numbers.
__global__ void __launch_bounds__(peak_threads) accumulate(PeakOperands<4> g, std::size_t rounds, std::uint32_t* out) {
    const auto a = word_of_lane(g.a), b = word_of_lane(g.b);
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
    const unsigned blocks = multiprocessors * blocks_per_multiprocessor;
    *operations =
        2.0 * 16 * 8 * instruction_depth * chains * (peak_threads / 32) * blocks * static_cast<double>(rounds);
    return launch_peak(stream, blocks, accumulate, rounds, a, b, sum);
}

} // namespace kaisar::kernels::device
