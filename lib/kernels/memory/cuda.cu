// Vectors of 16 bytes, four a thread in flight; the arrays are larger than the caches, so nothing is kept.
#include "kernels/cuda_launch.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 256, vectors_per_thread = 4;

template <DevicePass pass>
__device__ void visit(const DevicePassArguments& g, std::size_t i, unsigned long long& sum) {
    const auto* const a = reinterpret_cast<const double2*>(g.a);
    const auto* const b = reinterpret_cast<const double2*>(g.b);
    auto* const c = reinterpret_cast<double2*>(g.c);
    if constexpr (pass == DevicePass::read) {
        const auto x = __ldcs(a + i);
        sum += static_cast<unsigned long long>(__double_as_longlong(x.x)) +
               static_cast<unsigned long long>(__double_as_longlong(x.y));
    } else if constexpr (pass == DevicePass::write) {
        __stcs(c + i, make_double2(g.factor, g.factor));
    } else if constexpr (pass == DevicePass::copy) {
        __stcs(c + i, __ldcs(a + i));
    } else {
        const auto x = __ldcs(a + i), y = __ldcs(b + i);
        __stcs(c + i, make_double2(fma(g.factor, y.x, x.x), fma(g.factor, y.y, x.y)));
    }
}

template <DevicePass pass>
__global__ void __launch_bounds__(threads) stream_through(DevicePassArguments g) {
    const std::size_t first = std::size_t{blockIdx.x} * threads * vectors_per_thread + threadIdx.x;
    unsigned long long sum = 0;
#pragma unroll
    for (unsigned v = 0; v < vectors_per_thread; ++v)
        if (const auto i = first + v * threads; i < g.n / 2) visit<pass>(g, i, sum);
    if constexpr (pass == DevicePass::read) {
        for (int distance = 16; distance > 0; distance /= 2) sum += __shfl_down_sync(0xffffffff, sum, distance);
        if (threadIdx.x % 32 == 0) atomicAdd(reinterpret_cast<unsigned long long*>(g.sum), sum);
    }
}

// One thread, one access under way, through all caches.
__global__ void follow(std::uint64_t at, std::size_t steps, volatile std::uint64_t* out) {
    constexpr unsigned unrolled = 16;
    const auto begin = clock64();
    for (std::size_t step = 0; step < steps; step += unrolled)
#pragma unroll
        for (unsigned i = 0; i < unrolled; ++i) asm volatile("ld.global.ca.u64 %0, [%0];" : "+l"(at)::"memory");
    out[0] = at; // the clock is read once the last access is back
    out[1] = static_cast<std::uint64_t>(clock64() - begin);
}

__global__ void __launch_bounds__(threads)
    mask(std::uint32_t* words, std::size_t count, std::uint32_t keep, std::uint32_t set) {
    const std::size_t i = std::size_t{blockIdx.x} * threads + threadIdx.x;
    if (i < count) words[i] = (words[i] & keep) | set;
}

template <DevicePass pass>
int launch(void* stream, const DevicePassArguments& g) {
    const auto per_block = threads * vectors_per_thread;
    const auto blocks = static_cast<unsigned>((g.n / 2 + per_block - 1) / per_block);
    if (blocks == 0) return 0;
    stream_through<pass><<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(g);
    return cudaGetLastError();
}

} // namespace

int launch_pass(void* stream, DevicePass pass, const DevicePassArguments& g) {
    switch (pass) {
    case DevicePass::read: return launch<DevicePass::read>(stream, g);
    case DevicePass::write: return launch<DevicePass::write>(stream, g);
    case DevicePass::copy: return launch<DevicePass::copy>(stream, g);
    case DevicePass::triad: return launch<DevicePass::triad>(stream, g);
    }
    return 0;
}

int launch_mask(void* stream, void* words, std::size_t count, std::uint32_t keep, std::uint32_t set) {
    const auto blocks = static_cast<unsigned>((count + threads - 1) / threads);
    if (blocks == 0) return 0;
    mask<<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(static_cast<std::uint32_t*>(words), count, keep,
                                                                    set);
    return cudaGetLastError();
}

int launch_chase(void* stream, DeviceAddress start, std::size_t steps, void* out) {
    follow<<<1, 1, 0, static_cast<cudaStream_t>(stream)>>>(static_cast<std::uint64_t>(start), steps,
                                                           static_cast<volatile std::uint64_t*>(out));
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
