// For every GPU: fused operations on 8 x 8 results a thread. Two buffers of shared memory, so that a step's operands
// are laid down while others still multiply the step before; the step after is on its way from memory meanwhile.
#include "kernels/cuda_launch.h"
#include "kernels/gemm_s8_cuda/device_tiles.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned depth = step_bytes / sizeof(float); // of k, a step's
constexpr unsigned padded = tile_rows + 4;             // spreads a column's numbers over the banks
constexpr unsigned copies = tile_rows * chunks_per_row / product_threads;
constexpr unsigned chunk_floats = chunk_bytes / sizeof(float);

struct Operand {
    const float* first; // row 0 of the tile
    std::size_t stride;
};

__device__ void fetch(const Operand& from, std::size_t k, float4* held) {
#pragma unroll
    for (unsigned i = 0; i < copies; ++i) {
        const auto chunk = copied_chunk(threadIdx.x, i);
        held[i] =
            *reinterpret_cast<const float4*>(from.first + chunk.row * from.stride + k + chunk.column * chunk_floats);
    }
}

// Turned, so that a thread reads the same place of neighbouring rows as one vector.
__device__ void place(float (*to)[padded], const float4* held) {
#pragma unroll
    for (unsigned i = 0; i < copies; ++i) {
        const auto chunk = copied_chunk(threadIdx.x, i);
        to[chunk_floats * chunk.column + 0][chunk.row] = held[i].x;
        to[chunk_floats * chunk.column + 1][chunk.row] = held[i].y;
        to[chunk_floats * chunk.column + 2][chunk.row] = held[i].z;
        to[chunk_floats * chunk.column + 3][chunk.row] = held[i].w;
    }
}

__device__ void pick(const float* row, unsigned thread, float* out) {
    const auto low = *reinterpret_cast<const float4*>(row + register_tile_element(thread, 0));
    const auto high = *reinterpret_cast<const float4*>(row + register_tile_element(thread, 4));
    out[0] = low.x, out[1] = low.y, out[2] = low.z, out[3] = low.w;
    out[4] = high.x, out[5] = high.y, out[6] = high.z, out[7] = high.w;
}

__global__ void __launch_bounds__(product_threads, 2) multiply(DeviceGemm g) {
    __shared__ __align__(16) float a[2][depth][padded], b[2][depth][padded];
    const auto tile =
        tile_of_block(blockIdx.x, static_cast<unsigned>(g.m / tile_rows), static_cast<unsigned>(g.n / tile_rows));
    const std::size_t top = std::size_t{tile.row} * tile_rows, left = std::size_t{tile.column} * tile_rows;
    const Operand from_a{reinterpret_cast<const float*>(g.a) + top * g.lda, g.lda};
    const Operand from_b{reinterpret_cast<const float*>(g.b) + left * g.ldb, g.ldb};
    const unsigned down = threadIdx.x / 16, across = threadIdx.x % 16;
    float sum[8][8] = {};
    float4 held_a[copies], held_b[copies];
    if (g.k > 0) fetch(from_a, 0, held_a), fetch(from_b, 0, held_b);
    unsigned half = 0;
    for (std::size_t k = 0; k < g.k; k += depth, half ^= 1) {
        place(a[half], held_a), place(b[half], held_b);
        __syncthreads(); // the step's operands are there; who is late still reads the other half
        if (k + depth < g.k) fetch(from_a, k + depth, held_a), fetch(from_b, k + depth, held_b);
#pragma unroll
        for (unsigned l = 0; l < depth; ++l) {
            float rows[8], columns[8];
            pick(a[half][l], down, rows), pick(b[half][l], across, columns);
#pragma unroll
            for (int i = 0; i < 8; ++i)
#pragma unroll
                for (int j = 0; j < 8; ++j) sum[i][j] = __fmaf_rn(rows[i], columns[j], sum[i][j]);
        }
    }
    auto* const c = reinterpret_cast<float*>(g.c);
#pragma unroll
    for (unsigned i = 0; i < 8; ++i) {
        auto* const row = c + (top + register_tile_element(down, i)) * g.ldc + left;
        *reinterpret_cast<float4*>(row + register_tile_element(across, 0)) =
            make_float4(sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
        *reinterpret_cast<float4*>(row + register_tile_element(across, 4)) =
            make_float4(sum[i][4], sum[i][5], sum[i][6], sum[i][7]);
    }
}

} // namespace

int launch_gemm_f32(void* stream, const DeviceGemm& g) {
    const auto tiles = static_cast<unsigned>((g.m / tile_rows) * (g.n / tile_rows));
    if (tiles == 0) return 0;
    multiply<<<tiles, product_threads, 0, static_cast<cudaStream_t>(stream)>>>(g);
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
