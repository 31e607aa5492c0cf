/// What the register-only ceilings of device code share: the numbers of which every row of A and column of B is made,
/// as they are handed to a kernel, and the way in which one is queued.
#pragma once

#include "kernels/cuda_launch.h"

#include <cstring>

namespace kaisar::kernels::device {

inline constexpr unsigned peak_threads = 256; // a block's

/// Sixteen numbers of A and of B, in words as the instruction takes them.
template <unsigned words>
struct PeakOperands {
    std::uint32_t a[words], b[words];
};

/// Of four words in a row the one that a lane holds in the fragments of mma.
__device__ inline std::uint32_t word_of_lane(const std::uint32_t* words) {
    const unsigned place = threadIdx.x % 4;
    return place == 0 ? words[0] : place == 1 ? words[1] : place == 2 ? words[2] : words[3];
}

/// Queues `kernel`, which adds what it has summed up to *sum.
template <unsigned words, class Number, class Sum>
int launch_peak(void* stream, unsigned blocks, void (*kernel)(PeakOperands<words>, std::size_t, Sum*),
                std::size_t rounds, const Number* a, const Number* b, void* sum) {
    PeakOperands<words> operands;
    static_assert(sizeof operands.a == 16 * sizeof(Number));
    std::memcpy(operands.a, a, sizeof operands.a);
    std::memcpy(operands.b, b, sizeof operands.b);
    kernel<<<blocks, peak_threads, 0, static_cast<cudaStream_t>(stream)>>>(operands, rounds, static_cast<Sum*>(sum));
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
