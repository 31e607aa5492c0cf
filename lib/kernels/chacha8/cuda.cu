// One thread a block of 64 bytes, written as four vectors.
#include "kernels/chacha8/device_math.h"
#include "kernels/cuda_launch.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 256;

__global__ void __launch_bounds__(threads)
    generate(ChachaBlock input, std::uint64_t counter, uint4* out, std::size_t count) {
    const std::size_t i = std::size_t{blockIdx.x} * threads + threadIdx.x;
    if (i >= count) return;
    const auto x = chacha8_block(input, counter + i);
#pragma unroll
    for (int q = 0; q < 4; ++q)
        out[4 * i + q] = make_uint4(x.word[4 * q], x.word[4 * q + 1], x.word[4 * q + 2], x.word[4 * q + 3]);
}

} // namespace

int launch_chacha8(void* stream, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, void* out,
                   std::size_t count) {
    if (count == 0) return 0;
    const auto blocks = static_cast<unsigned>((count + threads - 1) / threads);
    generate<<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(chacha_input(key, nonce), counter,
                                                                        static_cast<uint4*>(out), count);
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
