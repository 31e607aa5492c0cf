// One thread a message, from the first block to the padding.
#include "kernels/cuda_launch.h"
#include "kernels/sha256_many/device_math.h"

namespace kaisar::kernels::device {
namespace {

constexpr unsigned threads = 128;

__constant__ Sha256Constants constants = sha256_constants();

struct Start {
    Sha256State initial;
    Sha256Block last;
};

// Where messages and their blocks lie, in vectors of 16 bytes.
struct Tiles {
    std::size_t columns, ldc;
    __device__ std::size_t message(std::size_t i) const { return tile_offset(i, columns, ldc) / 4; }
    __device__ std::size_t stride() const { return ldc / 4; }
};
struct BackToBack {
    std::size_t blocks;
    __device__ std::size_t message(std::size_t i) const { return 4 * blocks * i; }
    __device__ std::size_t stride() const { return 4; }
};

template <class Layout>
__global__ void __launch_bounds__(threads)
    hash(Start start, Layout layout, const uint4* messages, std::size_t blocks, std::size_t count, uint4* digests) {
    const std::size_t i = std::size_t{blockIdx.x} * threads + threadIdx.x;
    if (i >= count) return;
    auto state = start.initial;
    const auto* at = messages + layout.message(i);
    for (std::size_t block = 0; block < blocks; ++block, at += layout.stride()) {
        Sha256Block words;
#pragma unroll
        for (int q = 0; q < 4; ++q) {
            const auto four = at[q];
            words.w[4 * q] = byte_swapped(four.x), words.w[4 * q + 1] = byte_swapped(four.y);
            words.w[4 * q + 2] = byte_swapped(four.z), words.w[4 * q + 3] = byte_swapped(four.w);
        }
        sha256_compress(state, words, constants);
    }
    sha256_compress(state, start.last, constants);
#pragma unroll
    for (int q = 0; q < 2; ++q)
        digests[2 * i + q] = make_uint4(byte_swapped(state.h[4 * q]), byte_swapped(state.h[4 * q + 1]),
                                        byte_swapped(state.h[4 * q + 2]), byte_swapped(state.h[4 * q + 3]));
}

Start start_of(const DeviceHash& hash) {
    Start start{};
    for (int i = 0; i < 8; ++i) start.initial.h[i] = hash.initial[static_cast<std::size_t>(i)];
    for (std::size_t i = 0; i < 64; ++i) start.last.w[i / 4] |= std::uint32_t{hash.last[i]} << (24 - 8 * (i % 4));
    return start;
}

template <class Layout>
int launch(void* stream, const DeviceHash& given, const Layout& layout, const void* messages, std::size_t blocks,
           std::size_t count, void* digests) {
    if (count == 0) return 0;
    hash<<<static_cast<unsigned>((count + threads - 1) / threads), threads, 0, static_cast<cudaStream_t>(stream)>>>(
        start_of(given), layout, static_cast<const uint4*>(messages), blocks, count, static_cast<uint4*>(digests));
    return cudaGetLastError();
}

} // namespace

int launch_hash_tiles(void* stream, const DeviceHash& hash, const DeviceTiles& tiles, void* digests) {
    constexpr std::size_t rows_of_a_tile = 16; // each is a block of the message
    return launch(stream, hash, Tiles{tiles.columns, tiles.ldc}, reinterpret_cast<const void*>(tiles.c), rows_of_a_tile,
                  (tiles.rows / 16) * (tiles.columns / 16), digests);
}

int launch_hash_messages(void* stream, const DeviceHash& hash, const void* messages, std::size_t blocks,
                         std::size_t count, void* digests) {
    return launch(stream, hash, BackToBack{blocks}, messages, blocks, count, digests);
}

} // namespace kaisar::kernels::device
