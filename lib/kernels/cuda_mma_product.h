/// A product by mma.sync, for device code since sm_80: operands streamed through shared memory by cp.async, four steps
/// ahead. What is multiplied is the matter of an `Element`, which all read the same bytes of 16 rows of A and 8 columns
/// of B:
///
///     static constexpr unsigned bytes;           of an element
///     using Sum;                                 int32 or float
///     static void multiply_add(Sum* c, const std::uint32_t* a, const std::uint32_t* b);
///         adds the products of 32 bytes of k: four results of a lane, four words of A, two of B
#pragma once

#include "kernels/cuda_launch.h"
#include "kernels/gemm_s8_cuda/device_tiles.h"

#include <cstdint>

namespace kaisar::kernels::device {

inline constexpr unsigned mma_stages = 4;
inline constexpr unsigned mma_warp_rows = 64; // two warps share a tile's rows, four its columns
inline constexpr unsigned mma_a_fragments = mma_warp_rows / 16;
template <unsigned warp_columns>
inline constexpr unsigned mma_stage_bytes = (tile_rows + 4 * warp_columns) * step_bytes;

/// The results of a lane.
template <class Sum, unsigned warp_columns>
using MmaResults = Sum[mma_a_fragments][warp_columns / 8][4];

__device__ inline void copy_async(std::uint32_t to, const void* from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
__device__ inline void await_oldest_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(mma_stages - 2) : "memory");
}

__device__ inline void load_matrices(std::uint32_t from, std::uint32_t* to) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(from)
                 : "memory");
}

struct MmaOperand {
    const std::uint8_t* first; // row 0 of the tile
    std::size_t stride;        // in bytes
};

template <unsigned rows>
__device__ void load_step(std::uint32_t to, const MmaOperand& from, std::size_t k) {
#pragma unroll
    for (unsigned i = 0; i < rows * chunks_per_row / product_threads; ++i) {
        const auto chunk = copied_chunk(threadIdx.x, i);
        copy_async(to + stored_at(chunk), from.first + chunk.row * from.stride + k + chunk.column * chunk_bytes);
    }
}

template <class Element, unsigned warp_columns>
__device__ void multiply_step(std::uint32_t a, std::uint32_t b, MmaResults<typename Element::Sum, warp_columns>& c) {
    const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const auto from_a = a_source(lane), from_b = b_source(lane);
    const unsigned top = warp % 2 * mma_warp_rows, left = warp / 2 * warp_columns;
#pragma unroll
    for (unsigned chunk = 0; chunk < chunks_per_row; chunk += 2) {
        std::uint32_t rows[mma_a_fragments][4], columns[warp_columns / 16][4];
#pragma unroll
        for (unsigned i = 0; i < mma_a_fragments; ++i)
            load_matrices(a + stored_at({top + 16 * i + from_a.row, chunk + from_a.column}), rows[i]);
#pragma unroll
        for (unsigned j = 0; j < warp_columns / 16; ++j)
            load_matrices(b + stored_at({left + 16 * j + from_b.row, chunk + from_b.column}), columns[j]);
#pragma unroll
        for (unsigned i = 0; i < mma_a_fragments; ++i)
#pragma unroll
            for (unsigned j = 0; j < warp_columns / 8; ++j)
                Element::multiply_add(c[i][j], rows[i], columns[j / 2] + j % 2 * 2);
    }
}

/// Where a thread block's tile begins.
template <unsigned warp_columns>
struct MmaTile {
    std::size_t top, left;
    __device__ explicit MmaTile(const DeviceGemm& g) {
        const auto tile = tile_of_block(blockIdx.x, static_cast<unsigned>(g.m / tile_rows),
                                        static_cast<unsigned>(g.n / (4 * warp_columns)));
        top = std::size_t{tile.row} * tile_rows, left = std::size_t{tile.column} * 4 * warp_columns;
    }
};

/// Computes the block's tile; after_step(step, c) is called once a step's products are in c.
template <class Element, unsigned warp_columns, class AfterStep>
__device__ void multiply_tile(const DeviceGemm& g, std::uint8_t* shared,
                              MmaResults<typename Element::Sum, warp_columns>& c, AfterStep after_step) {
    const auto a = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared)), b = a + tile_rows * step_bytes;
    const MmaTile<warp_columns> tile(g);
    const std::size_t lda = g.lda * Element::bytes, ldb = g.ldb * Element::bytes;
    const MmaOperand from_a{reinterpret_cast<const std::uint8_t*>(g.a) + tile.top * lda, lda};
    const MmaOperand from_b{reinterpret_cast<const std::uint8_t*>(g.b) + tile.left * ldb, ldb};
    const auto steps = static_cast<unsigned>(g.k * Element::bytes / step_bytes);
    const auto load = [&](unsigned step) {
        if (step < steps) {
            const auto at = step % mma_stages * mma_stage_bytes<warp_columns>;
            load_step<tile_rows>(a + at, from_a, std::size_t{step} * step_bytes);
            load_step<4 * warp_columns>(b + at, from_b, std::size_t{step} * step_bytes);
        }
        commit_copies(); // an empty one at the end, so that waiting counts the same
    };
    for (unsigned step = 0; step < mma_stages - 1; ++step) load(step);
    for (unsigned step = 0; step < steps; ++step) {
        await_oldest_copies();
        __syncthreads(); // the step's operands are there, and nobody reads the place that is loaded next
        load(step + mma_stages - 1);
        const auto at = step % mma_stages * mma_stage_bytes<warp_columns>;
        multiply_step<Element, warp_columns>(a + at, b + at, c);
        after_step(step, c);
    }
}

__device__ inline void write_pair(std::int32_t* to, std::int32_t x, std::int32_t y) {
    *reinterpret_cast<int2*>(to) = make_int2(x, y);
}
__device__ inline void write_pair(float* to, float x, float y) { *reinterpret_cast<float2*>(to) = make_float2(x, y); }

template <class Sum, unsigned warp_columns>
__device__ void write_tile(const DeviceGemm& g, const MmaResults<Sum, warp_columns>& c) {
    const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const MmaTile<warp_columns> tile(g);
    auto* const out = reinterpret_cast<Sum*>(g.c) + (tile.top + warp % 2 * mma_warp_rows) * g.ldc + tile.left +
                      warp / 2 * warp_columns;
#pragma unroll
    for (unsigned i = 0; i < mma_a_fragments; ++i)
#pragma unroll
        for (unsigned j = 0; j < warp_columns / 8; ++j)
#pragma unroll
            for (unsigned pair = 0; pair < 4; pair += 2) {
                const auto place = c_place(lane, pair);
                write_pair(out + (16 * i + place.row) * g.ldc + 8 * j + place.column, c[i][j][pair], c[i][j][pair + 1]);
            }
}

/// Queues `kernel`, which computes tiles of 128 x 4 * warp_columns.
template <unsigned warp_columns, class Kernel>
int launch_product(void* stream, const DeviceGemm& g, Kernel kernel) {
    constexpr unsigned shared_bytes = mma_stages * mma_stage_bytes<warp_columns>;
    const auto refused =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (refused != cudaSuccess) return refused;
    const auto tiles = static_cast<unsigned>((g.m / tile_rows) * (g.n / (4 * warp_columns)));
    if (tiles == 0) return cudaSuccess;
    kernel<<<tiles, product_threads, shared_bytes, static_cast<cudaStream_t>(stream)>>>(g);
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
