/// What a warp of a GPU does to get its operands, emulated from the PTX ISA's text ("Warp-level matrix load
/// instruction: ldmatrix"), on the index maps of the kernels.
#pragma once

#include "kernels/gemm_s8_cuda/device_tiles.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

namespace kaisar::tests {

namespace device = kernels::device;

inline constexpr unsigned lanes = 32;
using Registers = std::array<std::array<std::uint32_t, 4>, lanes>; // of a warp: four a lane

/// Lane l names row l % 8 of matrix l / 8 (16 bytes); register i of lane l gets bytes 4(l % 4) … of row l / 4 of matrix
/// i.
inline Registers load_matrices(const std::vector<std::int8_t>& shared, const std::array<unsigned, lanes>& address) {
    Registers out{};
    for (unsigned lane = 0; lane < lanes; ++lane)
        for (unsigned matrix = 0; matrix < 4; ++matrix)
            std::memcpy(&out[lane][matrix], &shared[address[8 * matrix + lane / 4] + 4 * (lane % 4)], 4);
    return out;
}

/// One step's operand as all threads copy it into shared memory.
inline std::vector<std::int8_t> stage(const void* rows, unsigned count, std::size_t row_bytes, std::size_t from) {
    std::vector<std::int8_t> shared(count * device::step_bytes, 99);
    for (unsigned round = 0; round < count * device::chunks_per_row / device::product_threads; ++round)
        for (unsigned thread = 0; thread < device::product_threads; ++thread) {
            const auto chunk = device::copied_chunk(thread, round);
            std::memcpy(&shared[device::stored_at(chunk)],
                        static_cast<const std::int8_t*>(rows) + chunk.row * row_bytes + from +
                            chunk.column * device::chunk_bytes,
                        device::chunk_bytes);
        }
    return shared;
}

inline Registers fragments(const std::vector<std::int8_t>& shared, unsigned row, unsigned chunk,
                           device::TilePlace (*source)(unsigned)) {
    std::array<unsigned, lanes> address{};
    for (unsigned lane = 0; lane < lanes; ++lane) {
        const auto from = source(lane);
        address[lane] = device::stored_at({row + from.row, chunk + from.column});
    }
    return load_matrices(shared, address);
}

} // namespace kaisar::tests
