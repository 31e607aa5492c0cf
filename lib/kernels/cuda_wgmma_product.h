/// A product by Hopper's wgmma, for device code of sm_90a alone: one thread of a producer warpgroup has bulk tensor
/// copies fill a ring of stages, two warpgroups multiply what has arrived; blocks stay and take tile after tile, so
/// that copies run on while results are written. `Sum` is int32 for int8, float for bfloat16: the same bytes lie in the
/// same places.
#pragma once

#include "kernels/cuda_mma_product.h"
#include "kernels/cuda_wgmma.h"
#include "kernels/gemm_s8_cuda/device_wgmma.h"

#include <algorithm>
#include <cuda.h>
#include <cuda_runtime.h>
#include <dlfcn.h>

namespace kaisar::kernels::device {

inline constexpr unsigned group_threads = 128, groups = 3; // the first one copies
inline constexpr unsigned warps_that_multiply = 2 * group_threads / 32;
inline constexpr unsigned wgmma_alignment = 1024; // of the swizzle
inline constexpr unsigned wgmma_shared_bytes =
    wgmma_alignment + wgmma_stages * wgmma_stage_bytes + 2 * 8 * wgmma_stages;
inline constexpr std::uint64_t patience_ns =
    2'000'000'000; // then something is wrong, and what follows finds wrong results

__device__ inline void make_barrier(std::uint32_t barrier, unsigned arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}
__device__ inline void arrive(std::uint32_t barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}
__device__ inline void arrive_and_expect(std::uint32_t barrier, unsigned bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}
// A wait has an end: a kernel that hung would take the program with it, a wrong answer is only a wrong answer. In one
// piece, so that the compiler sees no branch while products are under way.
__device__ inline bool await(std::uint32_t barrier, unsigned parity, std::uint64_t patience) {
    std::uint32_t turned;
    asm volatile("{\n.reg .pred turned, patient;\n.reg .u64 began, now;\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 turned, [%1], %2;\n@turned bra DONE;\n"
                 "mov.u64 began, %%globaltimer;\n"
                 "AGAIN:\nmbarrier.try_wait.parity.shared::cta.b64 turned, [%1], %2;\n@turned bra DONE;\n"
                 "mov.u64 now, %%globaltimer;\nsub.u64 now, now, began;\nsetp.lt.u64 patient, now, %3;\n"
                 "@patient bra AGAIN;\n"
                 "DONE:\nselp.u32 %0, 1, 0, turned;\n}"
                 : "=r"(turned)
                 : "r"(barrier), "r"(parity), "l"(patience)
                 : "memory");
    return turned != 0;
}

__device__ inline void copy_box(std::uint32_t to, const CUtensorMap* map, unsigned byte, unsigned row,
                                std::uint32_t barrier) {
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(
            to),
        "l"(map), "r"(byte), "r"(row), "r"(barrier)
        : "memory");
}

struct Ring {
    std::uint32_t stages, barriers;
    __device__ std::uint32_t a(unsigned stage) const { return stages + stage * wgmma_stage_bytes; }
    __device__ std::uint32_t b(unsigned stage) const { return a(stage) + wgmma_a_bytes; }
    __device__ std::uint32_t full(unsigned stage) const { return barriers + 8 * stage; }
    __device__ std::uint32_t empty(unsigned stage) const { return full(wgmma_stages + stage); }
};

__device__ inline void copy_tiles(const Ring& ring, const CUtensorMap* a, const CUtensorMap* b, const DeviceGemm& g,
                                  unsigned steps) {
    const auto rows = static_cast<unsigned>(g.m / wgmma_rows), columns = static_cast<unsigned>(g.n / wgmma_columns);
    std::uint64_t at = 0;
    for (unsigned number = blockIdx.x; number < rows * columns; number += gridDim.x) {
        const auto tile = tile_of_block(number, rows, columns);
        for (unsigned step = 0; step < steps; ++step, ++at) {
            const auto [stage, parity] = ring_place(at);
            if (!await(ring.empty(stage), parity ^ 1, patience_ns)) return; // the first round finds every stage empty
            arrive_and_expect(ring.full(stage), wgmma_stage_bytes);
            copy_box(ring.a(stage), a, step * wgmma_row_bytes, tile.row * wgmma_rows, ring.full(stage));
            copy_box(ring.b(stage), b, step * wgmma_row_bytes, tile.column * wgmma_columns, ring.full(stage));
        }
    }
}

template <class Sum>
__device__ void write_results(const Sum (&c)[wgmma_results], const DeviceGemm& g, std::size_t top, std::size_t left) {
    auto* const out = reinterpret_cast<Sum*>(g.c) + top * g.ldc + left;
#pragma unroll
    for (unsigned j = 0; j < wgmma_results / 4; ++j) {
        const auto place = wgmma_result(threadIdx.x % group_threads, j);
        auto* const to = out + place.row * g.ldc + place.column;
        write_pair(to, c[4 * j], c[4 * j + 1]);
        write_pair(to + 8 * g.ldc, c[4 * j + 2], c[4 * j + 3]);
    }
}

template <class Sum>
__device__ void multiply_tiles(const Ring& ring, const DeviceGemm& g, unsigned steps) {
    const auto rows = static_cast<unsigned>(g.m / wgmma_rows), columns = static_cast<unsigned>(g.n / wgmma_columns);
    const unsigned part = (threadIdx.x / group_threads - 1) * wgmma_group_rows; // of the tile's rows
    std::uint64_t at = 0, patience = patience_ns;
    for (unsigned number = blockIdx.x; number < rows * columns; number += gridDim.x) {
        Sum c[wgmma_results] = {};
        for (unsigned step = 0; step < steps; ++step, ++at) {
            const auto [stage, parity] = ring_place(at);
            patience = await(ring.full(stage), parity, patience) ? patience : 0;
            __syncwarp(); // what follows is for whole warps
            begin_products();
#pragma unroll
            for (unsigned k = 0; k < wgmma_row_bytes; k += wgmma_depth)
                multiply_add(c, wgmma_descriptor(ring.a(stage) + part * wgmma_row_bytes + k),
                             wgmma_descriptor(ring.b(stage) + k), step > 0 || k > 0);
            commit_products();
            await_products<1>(); // the step before has been read
            if (step > 0 && threadIdx.x % 32 == 0) arrive(ring.empty(ring_place(at - 1).stage));
            __syncwarp();
        }
        await_products<0>();
        if (steps > 0 && threadIdx.x % 32 == 0) arrive(ring.empty(ring_place(at - 1).stage));
        const auto tile = tile_of_block(number, rows, columns);
        write_results(c, g, std::size_t{tile.row} * wgmma_rows + part, std::size_t{tile.column} * wgmma_columns);
    }
}

/// The whole of a kernel of groups * group_threads threads; rows of both operands have `row_bytes` along k.
template <class Sum>
__device__ void multiply_by_wgmma(std::uint8_t* shared, const CUtensorMap& a, const CUtensorMap& b, const DeviceGemm& g,
                                  std::size_t row_bytes) {
    const auto base = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
    const auto stages = (base + wgmma_alignment - 1) / wgmma_alignment * wgmma_alignment;
    const Ring ring{stages, stages + wgmma_stages * wgmma_stage_bytes};
    if (threadIdx.x == 0) {
        for (unsigned stage = 0; stage < wgmma_stages; ++stage) {
            make_barrier(ring.full(stage), 1);
            make_barrier(ring.empty(stage), warps_that_multiply);
        }
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
        asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    }
    __syncthreads();
    const auto steps = static_cast<unsigned>((row_bytes + wgmma_row_bytes - 1) / wgmma_row_bytes);
    if (threadIdx.x < group_threads) {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
        if (threadIdx.x == 0) copy_tiles(ring, &a, &b, g, steps);
    } else {
        asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
        multiply_tiles<Sum>(ring, g, steps);
    }
}

// The driver's function that describes a matrix to the copy engine; the program is not linked with the driver.
using Describe = decltype(&cuTensorMapEncodeTiled);
inline Describe find_describe() {
    void* const driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    return driver == nullptr ? nullptr : reinterpret_cast<Describe>(dlsym(driver, "cuTensorMapEncodeTiled"));
}

// Rows of so many bytes, so many apart; what a box has beyond them is filled with zeros.
inline bool describe(CUtensorMap* map, DeviceAddress from, std::size_t rows, std::size_t row_bytes, std::size_t stride,
                     unsigned box_rows) {
    static const auto encode = find_describe();
    const cuuint64_t size[] = {row_bytes, rows}, distance[] = {stride};
    const cuuint32_t box[] = {wgmma_row_bytes, box_rows}, every[] = {1, 1};
    return encode != nullptr &&
           encode(map, CU_TENSOR_MAP_DATA_TYPE_UINT8, 2, reinterpret_cast<void*>(from), size, distance, box, every,
                  CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                  CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS;
}

/// Queues `kernel`, whose arguments are the two descriptions and g.
template <class Kernel>
int launch_by_wgmma(void* stream, const DeviceGemm& g, std::size_t element_bytes, Kernel kernel) {
    const auto row_bytes = g.k * element_bytes;
    CUtensorMap a{}, b{};
    if (!describe(&a, g.a, g.m, row_bytes, g.lda * element_bytes, wgmma_rows) ||
        !describe(&b, g.b, g.n, row_bytes, g.ldb * element_bytes, wgmma_columns))
        return cudaErrorNotSupported;
    const auto refused =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(wgmma_shared_bytes));
    if (refused != cudaSuccess) return refused;
    int device = 0, multiprocessors = 0;
    if (const auto e = cudaGetDevice(&device); e != cudaSuccess) return e;
    if (const auto e = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
        e != cudaSuccess)
        return e;
    const auto tiles = static_cast<unsigned>((g.m / wgmma_rows) * (g.n / wgmma_columns));
    kernel<<<std::min(tiles, static_cast<unsigned>(multiprocessors)), groups * group_threads, wgmma_shared_bytes,
             static_cast<cudaStream_t>(stream)>>>(a, b, g);
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
