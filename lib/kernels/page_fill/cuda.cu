// Four threads a page, which stays in shared memory until it is done. A thread reads only the columns that it wrote.
#include "kernels/cuda_launch.h"
#include "kernels/page_fill/device_math.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned pages_per_block = 16; // of threads; 32 KiB with the protocol's pages of 2 KiB
constexpr unsigned threads = 4 * pages_per_block;
constexpr unsigned whole_warp = 0xffffffff;

__device__ std::uint32_t from_thread(std::uint32_t word, unsigned thread) {
    return __shfl_sync(whole_warp, word, static_cast<int>(thread), 4);
}

__device__ void permute_and_add(PageColumn& x, unsigned q) {
    const PageColumn before = x;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        column_round(x);
#pragma unroll
        for (unsigned row = 1; row < 4; ++row) x.row[row] = from_thread(x.row[row], diagonal_from(q, row));
        column_round(x);
#pragma unroll
        for (unsigned row = 1; row < 4; ++row) x.row[row] = from_thread(x.row[row], column_from(q, row));
    }
#pragma unroll
    for (int row = 0; row < 4; ++row) x.row[row] += before.row[row];
}

__device__ void take_in(PageColumn& t, const uint4& column) {
    t.row[0] ^= column.x, t.row[1] ^= column.y, t.row[2] ^= column.z, t.row[3] ^= column.w;
}

__device__ uint4 vector_of(const PageColumn& t) { return make_uint4(t.row[0], t.row[1], t.row[2], t.row[3]); }

__device__ void make_block(PageColumn& t, uint4* page, unsigned j, unsigned span, bool is_first_pass, unsigned q) {
    const auto mine = q == 0 ? t.row[0] : q == 1 ? t.row[1] : q == 2 ? t.row[2] : t.row[3]; // on the main diagonal
    const auto chosen = pointed_to(mine, span);
    if (!is_first_pass) take_in(t, page[4 * j + q]);
#pragma unroll
    for (unsigned e = 0; e < 4; ++e) take_in(t, page[4 * from_thread(chosen, e) + q]);
    permute_and_add(t, q);
    page[4 * j + q] = vector_of(t);
}

__global__ void __launch_bounds__(threads)
    fill(const std::uint32_t* starts, unsigned blocks, unsigned passes, uint4* pages, std::size_t count) {
    extern __shared__ uint4 shared[];
    const unsigned q = threadIdx.x % 4, here = threadIdx.x / 4;
    const std::size_t wanted = std::size_t{blockIdx.x} * pages_per_block + here;
    const std::size_t number = wanted < count ? wanted : count - 1; // the last ones repeat it: a warp stays together
    uint4* const page = shared + std::size_t{4} * blocks * here;
    PageColumn t;
#pragma unroll
    for (unsigned row = 0; row < 4; ++row) t.row[row] = starts[16 * number + word_of(q, row)];
    page[q] = vector_of(t);
    for (unsigned j = 1; j < blocks; ++j) make_block(t, page, j, j, true, q);
    for (unsigned pass = 1; pass < passes; ++pass)
        for (unsigned j = 0; j < blocks; ++j) make_block(t, page, j, blocks, false, q);
    __syncwarp();
    if (wanted >= count) return;
    const auto* const words = reinterpret_cast<const std::uint32_t*>(page);
    for (unsigned j = 0; j < blocks; ++j) {
        const auto* const block = words + 16 * j;
        pages[(number * blocks + j) * 4 + q] = make_uint4(block[kept_at(4 * q)], block[kept_at(4 * q + 1)],
                                                          block[kept_at(4 * q + 2)], block[kept_at(4 * q + 3)]);
    }
}

} // namespace

int launch_page_fill(void* stream, const void* starts, std::size_t blocks, std::size_t passes, void* pages,
                     std::size_t count) {
    if (count == 0) return 0;
    const auto shared_bytes = static_cast<unsigned>(pages_per_block * 64 * blocks);
    const auto refused =
        cudaFuncSetAttribute(fill, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (refused != cudaSuccess) return refused;
    fill<<<static_cast<unsigned>((count + pages_per_block - 1) / pages_per_block), threads, shared_bytes,
           static_cast<cudaStream_t>(stream)>>>(static_cast<const std::uint32_t*>(starts),
                                                static_cast<unsigned>(blocks), static_cast<unsigned>(passes),
                                                static_cast<uint4*>(pages), count);
    return cudaGetLastError();
}

} // namespace kaisar::kernels::device
