/// Where the GPU's threads find and leave the elements of a product: plain constexpr functions, which a test runs on
/// the host.
///
/// mma.m16n8k32 (PTX ISA, "Matrix Fragments for mma.m16n8k32") spreads its operands over the 32 lanes of a warp;
/// ldmatrix brings them there from rows of 64 bytes in shared memory, whose 16-byte chunks are permuted so that the
/// eight rows read together lie in different banks.
#pragma once

#include <cstddef>

namespace kaisar::kernels::device {

inline constexpr unsigned tile_rows = 128; // of C, a thread block's part
inline constexpr unsigned step_bytes = 64; // of k, loaded at once
inline constexpr unsigned chunk_bytes = 16;
inline constexpr unsigned chunks_per_row = step_bytes / chunk_bytes;
inline constexpr unsigned product_threads = 256;

struct TilePlace {
    unsigned row, column;
};

/// Eight rows of tiles are worked on together, so that what neighbours read stays in the second-level cache.
constexpr TilePlace tile_of_block(unsigned block, unsigned rows, unsigned columns) {
    constexpr unsigned group_rows = 8;
    const unsigned first = block / (group_rows * columns) * group_rows;
    const unsigned here = rows - first < group_rows ? rows - first : group_rows;
    const unsigned inside = block % (group_rows * columns);
    return {first + inside % here, inside / here};
}

/// The chunk that thread `thread` copies in its `round`-th turn.
constexpr TilePlace copied_chunk(unsigned thread, unsigned round) {
    const unsigned number = round * product_threads + thread;
    return {number / chunks_per_row, number % chunks_per_row};
}

/// Byte at which a chunk lies in shared memory.
constexpr unsigned stored_at(TilePlace chunk) {
    return chunk.row * step_bytes + (chunk.column ^ (chunk.row >> 1 & 3)) * chunk_bytes;
}

/// The row and chunk whose address `lane` gives to ldmatrix.x4, so that the four registers are a fragment of 16 rows of
/// A: counted from the fragment's first row and chunk.
constexpr TilePlace a_source(unsigned lane) { return {lane % 16, lane / 16}; }

/// The same for two fragments of 8 columns of B each.
constexpr TilePlace b_source(unsigned lane) { return {lane % 8 + lane / 16 * 8, lane / 8 % 2}; }

/// For m8n8k16, whose fragments are eight rows of one chunk: four of them of A, or of B.
constexpr TilePlace turing_source(unsigned lane) { return {lane, 0}; }

/// Where element i of a lane's four results lies in a fragment of 16 x 8; the first two are those of a
/// fragment of 8 x 8.
constexpr TilePlace c_place(unsigned lane, unsigned i) { return {lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2}; }

/// Without matrix instructions: the element i, 0 to 7, of a thread's 8 rows or columns among 128; sixteen threads share
/// them.
constexpr unsigned register_tile_element(unsigned thread, unsigned i) { return thread * 4 + i % 4 + i / 4 * 64; }

} // namespace kaisar::kernels::device
