// For Turing: mma.m8n8k16 on int8. Operands are held in registers while the step before is multiplied, then placed in
// the other half of shared memory.
#include "kernels/cuda_launch.h"
#include "kernels/gemm_s8_cuda/device_tiles.h"

#include <cstdint>

namespace kaisar::kernels::device {
namespace {

constexpr unsigned warp_rows = 64, warp_columns = 32; // two warps share a tile's rows, four its columns
constexpr unsigned copies = tile_rows * chunks_per_row / product_threads;
constexpr unsigned operand_bytes = tile_rows * step_bytes;

__device__ void load_matrices(std::uint32_t from, std::uint32_t* to) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(from)
                 : "memory");
}

// Wraps modulo 2^32: no .satfinite.
__device__ void multiply_add(std::int32_t* c, std::uint32_t a, std::uint32_t b) {
    asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
                 : "+r"(c[0]), "+r"(c[1])
                 : "r"(a), "r"(b));
}

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

__device__ void place(std::uint8_t* to, const uint4* held) {
#pragma unroll
    for (unsigned i = 0; i < copies; ++i)
        *reinterpret_cast<uint4*>(to + stored_at(copied_chunk(threadIdx.x, i))) = held[i];
}

__device__ void multiply_step(std::uint32_t a, std::uint32_t b, std::int32_t (*c)[warp_columns / 8][2]) {
    const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const unsigned top = warp % 2 * warp_rows, left = warp / 2 * warp_columns;
    const auto source = turing_source(lane);
#pragma unroll
    for (unsigned chunk = 0; chunk < chunks_per_row; ++chunk) {
        std::uint32_t rows[warp_rows / 8], columns[warp_columns / 8];
#pragma unroll
        for (unsigned i = 0; i < warp_rows / 8; i += 4)
            load_matrices(a + stored_at({top + 8 * i + source.row, chunk + source.column}), rows + i);
        load_matrices(b + stored_at({left + source.row, chunk + source.column}), columns);
#pragma unroll
        for (unsigned i = 0; i < warp_rows / 8; ++i)
#pragma unroll
            for (unsigned j = 0; j < warp_columns / 8; ++j) multiply_add(c[i][j], rows[i], columns[j]);
    }
}

__global__ void __launch_bounds__(product_threads, 1) multiply(DeviceGemm g) {
    __shared__ __align__(128) std::uint8_t shared[2][2 * operand_bytes];
    const auto tile =
        tile_of_block(blockIdx.x, static_cast<unsigned>(g.m / tile_rows), static_cast<unsigned>(g.n / tile_rows));
    const std::size_t top = std::size_t{tile.row} * tile_rows, left = std::size_t{tile.column} * tile_rows;
    const Operand from_a{reinterpret_cast<const std::int8_t*>(g.a) + top * g.lda, g.lda};
    const Operand from_b{reinterpret_cast<const std::int8_t*>(g.b) + left * g.ldb, g.ldb};
    const auto steps = static_cast<unsigned>(g.k / step_bytes);
    std::int32_t c[warp_rows / 8][warp_columns / 8][2] = {};
    uint4 held_a[copies], held_b[copies];
    if (steps > 0) fetch(from_a, 0, held_a), fetch(from_b, 0, held_b);
    for (unsigned step = 0; step < steps; ++step) {
        auto* const half = shared[step % 2];
        place(half, held_a), place(half + operand_bytes, held_b);
        __syncthreads(); // the step's operands are there; who is late still reads the other half
        const auto next = std::size_t{step + 1} * step_bytes;
        if (step + 1 < steps) fetch(from_a, next, held_a), fetch(from_b, next, held_b);
        const auto a = static_cast<std::uint32_t>(__cvta_generic_to_shared(half));
        multiply_step(a, a + operand_bytes, c);
    }
    const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    auto* const out =
        reinterpret_cast<std::int32_t*>(g.c) + (top + warp % 2 * warp_rows) * g.ldc + left + warp / 2 * warp_columns;
    const auto element = c_place(lane, 0);
#pragma unroll
    for (unsigned i = 0; i < warp_rows / 8; ++i)
#pragma unroll
        for (unsigned j = 0; j < warp_columns / 8; ++j)
            *reinterpret_cast<int2*>(out + (8 * i + element.row) * g.ldc + 8 * j + element.column) =
                make_int2(c[i][j][0], c[i][j][1]);
}

} // namespace

int launch_gemm_s8_turing(void* stream, const DeviceGemm& g) {
    const auto tiles = static_cast<unsigned>((g.m / tile_rows) * (g.n / tile_rows));
    if (tiles == 0) return 0;
    multiply<<<tiles, product_threads, 0, static_cast<cudaStream_t>(stream)>>>(g);
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
