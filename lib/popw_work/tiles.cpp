#include "popw_work/tiles.h"

#include "error/error.h"

namespace kaisar::popw {
namespace {

constexpr std::size_t workspace_alignment = 64;

// Bytes with the alignment that kernels ask for, contents undefined.
class Workspace {
public:
    explicit Workspace(std::size_t size_bytes) : bytes_(size_bytes + workspace_alignment) {}
    std::uint8_t* data() {
        const auto address = reinterpret_cast<std::uintptr_t>(bytes_.data());
        return bytes_.data() + (workspace_alignment - address % workspace_alignment) % workspace_alignment;
    }

private:
    Bytes bytes_;
};

void multiply(const Primitives& primitives, std::size_t side, std::size_t k, const std::int8_t* a, const std::int8_t* b,
              std::int32_t* c) {
    Workspace workspace(primitives.gemm.workspace_bytes(side, side, k));
    primitives.gemm.multiply({side, side, k, a, k, b, k, c, side, workspace.data()});
}

} // namespace

void generate_rows(const Primitives& primitives, const Bytes32& round_seed, Operand operand, const Profile& profile,
                   std::size_t first, std::size_t count, std::int8_t* out) {
    const std::size_t blocks_per_row = profile.k / 64;
    primitives.chacha8(round_seed.data(), static_cast<std::uint64_t>(operand), first * blocks_per_row,
                       reinterpret_cast<std::uint8_t*>(out), count * blocks_per_row);
}

TileCorner corner_of_leaf(const Profile& profile, std::uint64_t leaf) {
    const std::size_t superblock = leaf / superblock_tiles;
    const std::size_t inside = leaf % superblock_tiles;
    const std::size_t superblocks_per_row = profile.m / superblock_side;
    return {superblock / superblocks_per_row * superblock_side + inside / 8 * tile_side,
            superblock % superblocks_per_row * superblock_side + inside % 8 * tile_side};
}

void recompute_superblock(const Primitives& primitives, const TreeHasher& hasher, const Profile& profile,
                          const Bytes32& round_seed, std::size_t superblock, Bytes32* leaves) {
    const auto corner = corner_of_leaf(profile, superblock * superblock_tiles);
    std::vector<std::int8_t> a(superblock_side * profile.k);
    std::vector<std::int8_t> b(superblock_side * profile.k);
    std::vector<std::int32_t> c(superblock_side * superblock_side);
    generate_rows(primitives, round_seed, Operand::a, profile, corner.row, superblock_side, a.data());
    generate_rows(primitives, round_seed, Operand::b_transposed, profile, corner.column, superblock_side, b.data());
    multiply(primitives, superblock_side, profile.k, a.data(), b.data(), c.data());
    hash_superblock(hasher, c.data(), superblock_side, leaves);
}

Bytes32 recompute_leaf(const Primitives& primitives, const TreeHasher& hasher, const Profile& profile,
                       const Bytes32& round_seed, std::uint64_t leaf) {
    const auto corner = corner_of_leaf(profile, leaf);
    std::vector<std::int8_t> a(tile_side * profile.k);
    std::vector<std::int8_t> b(tile_side * profile.k);
    std::array<std::int32_t, tile_side * tile_side> c;
    generate_rows(primitives, round_seed, Operand::a, profile, corner.row, tile_side, a.data());
    generate_rows(primitives, round_seed, Operand::b_transposed, profile, corner.column, tile_side, b.data());
    multiply(primitives, tile_side, profile.k, a.data(), b.data(), c.data());
    return hasher.leaf(reinterpret_cast<const std::uint8_t*>(c.data()));
}

void hash_superblock(const TreeHasher& hasher, const std::int32_t* c, std::size_t ldc, Bytes32* leaves) {
    std::array<const std::uint8_t*, superblock_tiles> tiles;
    for (std::size_t inside = 0; inside < superblock_tiles; ++inside)
        tiles[inside] =
            reinterpret_cast<const std::uint8_t*>(c + inside / 8 * tile_side * ldc + inside % 8 * tile_side);
    hasher.leaves(tiles, ldc * sizeof(std::int32_t), leaves);
}

Bytes32 recompute_root(const Primitives& primitives, const Profile& profile, const Bytes32& round_seed) {
    const TreeHasher hasher(primitives);
    std::vector<Bytes32> leaves(profile.tiles());
    for (std::size_t superblock = 0; superblock < leaves.size() / superblock_tiles; ++superblock)
        recompute_superblock(primitives, hasher, profile, round_seed, superblock,
                             leaves.data() + superblock * superblock_tiles);
    return hasher.fold(leaves);
}

} // namespace kaisar::popw
