// For GPUs since Ampere: mma.m16n8k32 on int8, operands streamed through shared memory by cp.async, four steps ahead.
#include "kernels/cuda_launch.h"
#include "kernels/gemm_s8_cuda/device_tiles.h"

#include <cstdint>

namespace kaisar::kernels::device {
namespace {

constexpr unsigned stages = 4;
constexpr unsigned warp_rows = 64; // two warps share a tile's rows, four its columns
constexpr unsigned a_fragments = warp_rows / 16;

__device__ void copy_async(std::uint32_t to, const void* from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
__device__ void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
__device__ void await_oldest_copies() { asm volatile("cp.async.wait_group %0;" ::"n"(stages - 2) : "memory"); }

__device__ void load_matrices(std::uint32_t from, std::uint32_t* to) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(from)
                 : "memory");
}

// Wraps modulo 2^32: no .satfinite.
__device__ void multiply_add(std::int32_t* c, const std::uint32_t* a, const std::uint32_t* b) {
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

struct Operand {
    const std::int8_t* first; // row 0 of the tile
    std::size_t stride;
};

template <unsigned rows>
__device__ void load_step(std::uint32_t to, const Operand& from, std::size_t k) {
#pragma unroll
    for (unsigned i = 0; i < rows * chunks_per_row / product_threads; ++i) {
        const auto chunk = copied_chunk(threadIdx.x, i);
        copy_async(to + stored_at(chunk), from.first + chunk.row * from.stride + k + chunk.column * chunk_bytes);
    }
}

template <unsigned warp_columns>
__device__ void multiply_step(std::uint32_t a, std::uint32_t b, std::int32_t (*c)[warp_columns / 8][4]) {
    const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const auto from_a = a_source(lane), from_b = b_source(lane);
    const unsigned top = warp % 2 * warp_rows, left = warp / 2 * warp_columns;
#pragma unroll
    for (unsigned chunk = 0; chunk < chunks_per_row; chunk += 2) {
        std::uint32_t rows[a_fragments][4], columns[warp_columns / 16][4];
#pragma unroll
        for (unsigned i = 0; i < a_fragments; ++i)
            load_matrices(a + stored_at({top + 16 * i + from_a.row, chunk + from_a.column}), rows[i]);
#pragma unroll
        for (unsigned j = 0; j < warp_columns / 16; ++j)
            load_matrices(b + stored_at({left + 16 * j + from_b.row, chunk + from_b.column}), columns[j]);
#pragma unroll
        for (unsigned i = 0; i < a_fragments; ++i)
#pragma unroll
            for (unsigned j = 0; j < warp_columns / 8; ++j) multiply_add(c[i][j], rows[i], columns[j / 2] + j % 2 * 2);
    }
}

template <unsigned warp_columns>
constexpr unsigned stage_bytes = (tile_rows + 4 * warp_columns) * step_bytes;

template <unsigned warp_columns>
__global__ void __launch_bounds__(product_threads, 1) multiply(DeviceGemmS8 g) {
    constexpr unsigned tile_columns = 4 * warp_columns;
    extern __shared__ __align__(128) std::uint8_t shared[];
    const auto a = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared)), b = a + tile_rows * step_bytes;
    const auto tile =
        tile_of_block(blockIdx.x, static_cast<unsigned>(g.m / tile_rows), static_cast<unsigned>(g.n / tile_columns));
    const std::size_t top = std::size_t{tile.row} * tile_rows, left = std::size_t{tile.column} * tile_columns;
    const Operand from_a{reinterpret_cast<const std::int8_t*>(g.a) + top * g.lda, g.lda};
    const Operand from_b{reinterpret_cast<const std::int8_t*>(g.b) + left * g.ldb, g.ldb};
    const auto steps = static_cast<unsigned>(g.k / step_bytes);
    const auto load = [&](unsigned step) {
        if (step < steps) {
            const auto at = step % stages * stage_bytes<warp_columns>;
            load_step<tile_rows>(a + at, from_a, std::size_t{step} * step_bytes);
            load_step<tile_columns>(b + at, from_b, std::size_t{step} * step_bytes);
        }
        commit_copies(); // an empty one at the end, so that waiting counts the same
    };
    std::int32_t c[a_fragments][warp_columns / 8][4] = {};
    for (unsigned step = 0; step < stages - 1; ++step) load(step);
    for (unsigned step = 0; step < steps; ++step) {
        await_oldest_copies();
        __syncthreads(); // the step's operands are there, and nobody reads the place that is loaded next
        load(step + stages - 1);
        const auto at = step % stages * stage_bytes<warp_columns>;
        multiply_step<warp_columns>(a + at, b + at, c);
    }
    const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    auto* const out =
        reinterpret_cast<std::int32_t*>(g.c) + (top + warp % 2 * warp_rows) * g.ldc + left + warp / 2 * warp_columns;
#pragma unroll
    for (unsigned i = 0; i < a_fragments; ++i)
#pragma unroll
        for (unsigned j = 0; j < warp_columns / 8; ++j)
#pragma unroll
            for (unsigned pair = 0; pair < 4; pair += 2) {
                const auto place = c_place(lane, pair);
                *reinterpret_cast<int2*>(out + (16 * i + place.row) * g.ldc + 8 * j + place.column) =
                    make_int2(c[i][j][pair], c[i][j][pair + 1]);
            }
}

template <unsigned warp_columns>
int launch(void* stream, const DeviceGemmS8& g) {
    constexpr unsigned shared_bytes = stages * stage_bytes<warp_columns>;
    const auto refused = cudaFuncSetAttribute(multiply<warp_columns>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                              static_cast<int>(shared_bytes));
    if (refused != cudaSuccess) return refused;
    const auto tiles = static_cast<unsigned>((g.m / tile_rows) * (g.n / (4 * warp_columns)));
    multiply<warp_columns><<<tiles, product_threads, shared_bytes, static_cast<cudaStream_t>(stream)>>>(g);
    return cudaGetLastError();
}

} // namespace

int launch_gemm_s8_mma(void* stream, const DeviceGemmS8& g) {
    constexpr unsigned wide = 64, narrow = 32;
    if (g.m == 0 || g.n == 0) return 0;
    return g.n % (4 * wide) == 0 ? launch<wide>(stream, g) : launch<narrow>(stream, g);
}

} // namespace kaisar::kernels::device
