/// The index maps of the product with wgmma: plain constexpr functions, which a test runs on the host.
///
/// Bulk tensor copies lay rows of 128 bytes into shared memory in the 128-byte swizzle, from which wgmma.m64n256k32
/// reads both operands by descriptors (PTX ISA, "Tensor Swizzling Modes", "Matrix Descriptor Format", "Register
/// Fragments for wgmma.mma_async.m64nNk32").
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels::device {

inline constexpr unsigned wgmma_rows = 128, wgmma_columns = 256; // of C, a thread block's tile; 64 rows a warpgroup
inline constexpr unsigned wgmma_group_rows = 64;
inline constexpr unsigned wgmma_row_bytes = 128; // of k, a stage's
inline constexpr unsigned wgmma_depth = 32;      // of k, an instruction's
inline constexpr unsigned wgmma_stages = 4;
inline constexpr unsigned wgmma_a_bytes = wgmma_rows * wgmma_row_bytes;
inline constexpr unsigned wgmma_stage_bytes = wgmma_a_bytes + wgmma_columns * wgmma_row_bytes;

/// Byte at which the swizzle keeps byte `byte` of row `row`, counted from a multiple of 1024.
constexpr unsigned wgmma_stored_at(unsigned row, unsigned byte) {
    return row * wgmma_row_bytes + ((byte / 16 ^ row % 8) * 16 | byte % 16);
}

/// Which 16-byte chunk of its row the swizzle keeps at the `place`-th chunk, counted from a multiple of 1024.
constexpr unsigned wgmma_chunk_at(unsigned place) {
    constexpr unsigned row_chunks = wgmma_row_bytes / 16;
    return place % row_chunks ^ place / row_chunks % 8;
}

/// Of an operand whose rows of 128 swizzled bytes begin at that address of shared memory, which is a multiple of 1024
/// but for the place along k: groups of eight rows lie 1024 bytes apart.
constexpr std::uint64_t wgmma_descriptor(std::uint32_t address) {
    constexpr std::uint64_t leading = 1, stride = 1024 >> 4, swizzle_128 = 1; // the leading distance is without effect
    return (address >> 4 & 0x3fff) | leading << 16 | stride << 32 | swizzle_128 << 62;
}

/// Where a ring of stages is after so many steps, over all tiles of a thread block.
struct RingPlace {
    unsigned stage;
    unsigned parity; // of the phase of its barriers
};
constexpr RingPlace ring_place(std::uint64_t step) {
    return {static_cast<unsigned>(step % wgmma_stages), static_cast<unsigned>(step / wgmma_stages % 2)};
}

/// Where the results 4j … 4j + 3 of a warpgroup's thread begin in its 64 x 256; the second pair lies eight rows below.
struct ResultPlace {
    unsigned row, column;
};
constexpr ResultPlace wgmma_result(unsigned thread, unsigned j) {
    return {thread / 32 * 16 + thread % 32 / 4, 8 * j + thread % 4 * 2};
}

} // namespace kaisar::kernels::device
