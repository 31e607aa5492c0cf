// The ceilings of single and double precision without matrix units: eight chains of fused operations a thread, every
// operand in a register.
#include "kernels/cuda_launch.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 256, blocks_per_multiprocessor = 8, chains = 8;

__device__ void step(float& x, float factor, float term) {
    asm volatile("fma.rn.f32 %0, %1, %0, %2;" : "+f"(x) : "f"(factor), "f"(term));
}
__device__ void step(double& x, double factor, double term) {
    asm volatile("fma.rn.f64 %0, %1, %0, %2;" : "+d"(x) : "d"(factor), "d"(term));
}
__device__ unsigned long long bits_of(float x) { return __float_as_uint(x); }
__device__ unsigned long long bits_of(double x) { return static_cast<unsigned long long>(__double_as_longlong(x)); }

template <class Number>
__global__ void __launch_bounds__(threads) accumulate(Number factor, Number term, std::size_t rounds, void* out) {
    Number x[chains] = {};
    for (; rounds != 0; --rounds)
#pragma unroll
        for (unsigned i = 0; i < chains; ++i) step(x[i], factor, term);
    unsigned long long all = 0;
    for (const auto one : x) all += bits_of(one);
    atomicAdd(static_cast<unsigned long long*>(out), all);
}

} // namespace

int launch_peak_fma(void* stream, unsigned multiprocessors, DeviceNumber number, std::size_t rounds, double factor,
                    double term, void* sum, double* operations) {
    const unsigned blocks = multiprocessors * blocks_per_multiprocessor;
    const auto at = static_cast<cudaStream_t>(stream);
    *operations = 2.0 * chains * threads * blocks * static_cast<double>(rounds);
    if (number == DeviceNumber::f32)
        accumulate<<<blocks, threads, 0, at>>>(static_cast<float>(factor), static_cast<float>(term), rounds, sum);
    else
        accumulate<<<blocks, threads, 0, at>>>(factor, term, rounds, sum);
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
