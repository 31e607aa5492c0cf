// For every GPU since Pascal: four products and their sum an instruction, 8 x 8 results a thread.
#include "kernels/cuda_launch.h"
#include "kernels/gemm_s8_cuda/device_tiles.h"

#include <cstdint>

namespace kaisar::kernels::device {
namespace {

constexpr unsigned words = step_bytes / 4;
constexpr unsigned padded = tile_rows + 4; // spreads a column's words over the banks
constexpr unsigned copies = tile_rows * chunks_per_row / product_threads;

struct Operand {
    const std::int8_t* first; // row 0 of the tile
    std::size_t stride;
};

__device__ void fetch(const Operand& from, std::size_t k, uint4* held) {
#pragma unroll
    for (unsigned i = 0; i < copies; ++i) {
        const auto chunk = copied_chunk(threadIdx.x, i);
        held[i] =
            *reinterpret_cast<const uint4*>(from.first + chunk.row * from.stride + k + chunk.column * chunk_bytes);
    }
}

// Turned, so that a thread reads the same word of neighbouring rows as one vector.
__device__ void place(std::int32_t (*to)[padded], const uint4* held) {
#pragma unroll
    for (unsigned i = 0; i < copies; ++i) {
        const auto chunk = copied_chunk(threadIdx.x, i);
        to[4 * chunk.column + 0][chunk.row] = static_cast<std::int32_t>(held[i].x);
        to[4 * chunk.column + 1][chunk.row] = static_cast<std::int32_t>(held[i].y);
        to[4 * chunk.column + 2][chunk.row] = static_cast<std::int32_t>(held[i].z);
        to[4 * chunk.column + 3][chunk.row] = static_cast<std::int32_t>(held[i].w);
    }
}

__device__ void pick(const std::int32_t* row, unsigned thread, std::int32_t* out) {
    const auto low = *reinterpret_cast<const int4*>(row + register_tile_element(thread, 0));
    const auto high = *reinterpret_cast<const int4*>(row + register_tile_element(thread, 4));
    out[0] = low.x, out[1] = low.y, out[2] = low.z, out[3] = low.w;
    out[4] = high.x, out[5] = high.y, out[6] = high.z, out[7] = high.w;
}

__global__ void __launch_bounds__(product_threads, 2) multiply(DeviceGemm g) {
    __shared__ __align__(16) std::int32_t a[words][padded], b[words][padded];
    const auto tile =
        tile_of_block(blockIdx.x, static_cast<unsigned>(g.m / tile_rows), static_cast<unsigned>(g.n / tile_rows));
    const std::size_t top = std::size_t{tile.row} * tile_rows, left = std::size_t{tile.column} * tile_rows;
    const Operand from_a{reinterpret_cast<const std::int8_t*>(g.a) + top * g.lda, g.lda};
    const Operand from_b{reinterpret_cast<const std::int8_t*>(g.b) + left * g.ldb, g.ldb};
    const unsigned down = threadIdx.x / 16, across = threadIdx.x % 16;
    std::int32_t sum[8][8] = {};
    uint4 held_a[copies], held_b[copies];
    if (g.k > 0) fetch(from_a, 0, held_a), fetch(from_b, 0, held_b);
    for (std::size_t k = 0; k < g.k; k += step_bytes) {
        place(a, held_a), place(b, held_b);
        __syncthreads();
        if (k + step_bytes < g.k) fetch(from_a, k + step_bytes, held_a), fetch(from_b, k + step_bytes, held_b);
#pragma unroll
        for (unsigned word = 0; word < words; ++word) {
            std::int32_t rows[8], columns[8];
            pick(a[word], down, rows), pick(b[word], across, columns);
#pragma unroll
            for (int i = 0; i < 8; ++i)
#pragma unroll
                for (int j = 0; j < 8; ++j) sum[i][j] = __dp4a(rows[i], columns[j], sum[i][j]);
        }
        __syncthreads();
    }
    auto* const c = reinterpret_cast<std::int32_t*>(g.c);
#pragma unroll
    for (unsigned i = 0; i < 8; ++i) {
        auto* const row = c + (top + register_tile_element(down, i)) * g.ldc + left;
        *reinterpret_cast<int4*>(row + register_tile_element(across, 0)) =
            make_int4(sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
        *reinterpret_cast<int4*>(row + register_tile_element(across, 4)) =
            make_int4(sum[i][4], sum[i][5], sum[i][6], sum[i][7]);
    }
}

} // namespace

int launch_gemm_s8_dp4a(void* stream, const DeviceGemm& g) {
    const auto tiles = static_cast<unsigned>((g.m / tile_rows) * (g.n / tile_rows));
    if (tiles == 0) return 0;
    multiply<<<tiles, product_threads, 0, static_cast<cudaStream_t>(stream)>>>(g);
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
