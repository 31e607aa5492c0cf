// One thread a walker: the many walkers of a batch hide the latency of one another's reads.
#include "kernels/cuda_launch.h"
#include "kernels/walk/device_math.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 256;

__global__ void __launch_bounds__(threads)
    step(const ulonglong2* memory, std::uint64_t blocks, std::uint64_t* states, std::size_t count, std::size_t steps) {
    const std::size_t i = std::size_t{blockIdx.x} * threads + threadIdx.x;
    if (i >= count) return;
    auto state = states[i];
    for (; steps != 0; --steps) {
        const auto* const block = memory + 4 * aimed_at(state, blocks);
        ulonglong2 words[4];
#pragma unroll
        for (int q = 0; q < 4; ++q) words[q] = __ldcs(block + q);
#pragma unroll
        for (int q = 0; q < 4; ++q) state = taken_in(taken_in(state, words[q].x), words[q].y);
    }
    states[i] = state;
}

} // namespace

int launch_walk(void* stream, const void* memory, std::uint64_t blocks, void* states, std::size_t count,
                std::size_t steps) {
    if (count == 0) return 0;
    step<<<static_cast<unsigned>((count + threads - 1) / threads), threads, 0, static_cast<cudaStream_t>(stream)>>>(
        static_cast<const ulonglong2*>(memory), blocks, static_cast<std::uint64_t*>(states), count, steps);
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
