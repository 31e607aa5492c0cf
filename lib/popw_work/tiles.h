/// Parts of one compute round: operand rows from the round seed, 16 x 16 tiles of C, and the tree over them.
///
/// Tiles are numbered through 128 x 128 superblocks: leaf l lies in superblock l >> 6 (row-major), and within it at
/// tile row (l & 63) / 8, tile column (l & 63) % 8, so that a superblock is one subtree of depth 6.
#pragma once

#include "popw_rules/params.h"
#include "popw_work/hashing.h"

#include <vector>

namespace kaisar::popw {

inline constexpr std::size_t tile_side = 16;
inline constexpr std::size_t superblock_side = 128;
inline constexpr std::size_t superblock_tiles = 64;
inline constexpr std::uint32_t superblock_depth = 6;

/// Which operand; the value is the generator's nonce.
enum class Operand : std::uint64_t { a = 1, b_transposed = 2 };

/// Rows [first, first + count) of an operand, k bytes each, back to back.
void generate_rows(const Primitives& primitives, const Bytes32& round_seed, Operand operand, const Profile& profile,
                   std::size_t first, std::size_t count, std::int8_t* out);

/// Upper left corner of a tile in C.
struct TileCorner {
    std::size_t row;
    std::size_t column;
};
TileCorner corner_of_leaf(const Profile& profile, std::uint64_t leaf);

/// The hash of one leaf, recomputed from nothing but the round seed: what a verifier does per opening.
Bytes32 recompute_leaf(const Primitives& primitives, const TreeHasher& hasher, const Profile& profile,
                       const Bytes32& round_seed, std::uint64_t leaf);

/// The 64 leaf hashes of one superblock, recomputed from nothing but the round seed.
void recompute_superblock(const Primitives& primitives, const TreeHasher& hasher, const Profile& profile,
                          const Bytes32& round_seed, std::size_t superblock, Bytes32* leaves);

/// A whole round's root, superblock by superblock on one thread: for self-tests and test vectors.
Bytes32 recompute_root(const Primitives& primitives, const Profile& profile, const Bytes32& round_seed);

/// Hashes the 64 leaves of the superblock whose upper left element is at `c`.
void hash_superblock(const TreeHasher& hasher, const std::int32_t* c, std::size_t ldc, Bytes32* leaves);

} // namespace kaisar::popw
