/// The kernels that a proof runs on, and the tagged hashes of its hot loops.
#pragma once

#include "bytes/bytes.h"
#include "hardware/cpu_features.h"
#include "kernels/chacha8/variants.h"
#include "kernels/gemm_s8/variants.h"
#include "kernels/page_fill/variants.h"
#include "kernels/sha256/variants.h"
#include "kernels/sha256_many/variants.h"
#include "kernels/walk/variants.h"

#include <optional>
#include <vector>

namespace kaisar::popw {

/// The chosen kernels and their names for reports; passed to everything that computes.
struct Primitives {
    kernels::GemmS8 gemm;
    kernels::Sha256Compress sha256;
    kernels::Sha256Many sha256_many;
    kernels::Chacha8Blocks chacha8;
    kernels::PageFill page_fill;
    kernels::Walk walk;
    std::string_view gemm_variant;
    std::string_view sha256_variant;
    std::string_view sha256_many_variant;
    std::string_view chacha8_variant;
    std::string_view page_fill_variant;
    std::string_view walk_variant;
};

/// The best kernels that this processor has. A name forces that variant of gemm_s8, and of the others where they have
/// one of that name; errors as in kernels::require_variant.
Primitives choose_primitives(CpuFeatures features, std::optional<std::string_view> variant = std::nullopt);

/// Lets the chosen kernels answer one known round of profile T0; throws Error(mismatch) unless every bit is right.
void require_working(const Primitives& primitives);

/// TH(tag, message) for messages of one fixed length, with everything but the message hashed in advance.
class FixedHasher {
public:
    /// `message_bytes` is a multiple of 64.
    FixedHasher(const Primitives& primitives, std::string_view tag, std::size_t message_bytes);

    Bytes32 hash(const std::uint8_t* message) const noexcept;
    /// One digest a message; 64-byte block b of each lies b x stride further. `digests` may be where messages were.
    void hash_many(std::span<const std::uint8_t* const> messages, std::size_t stride, Bytes32* digests) const noexcept;

    /// The chaining value behind the tag, and the block of padding: what another device needs to hash as this does.
    const std::array<std::uint32_t, 8>& midstate() const { return midstate_; }
    const ByteArray<64>& padding() const { return padding_; }

private:
    kernels::Sha256Compress compress_;
    kernels::Sha256Many compress_many_;
    std::size_t blocks_;
    std::array<std::uint32_t, 8> midstate_;
    ByteArray<64> padding_;
};

/// The two hashes of a tile tree.
class TreeHasher {
public:
    explicit TreeHasher(const Primitives& primitives);

    /// Leaf of a 16 x 16 tile of little-endian int32, row by row.
    Bytes32 leaf(const std::uint8_t* tile) const noexcept { return leaf_.hash(tile); }
    /// Leaves of many tiles whose rows lie `stride` bytes apart.
    void leaves(std::span<const std::uint8_t* const> tiles, std::size_t stride, Bytes32* out) const noexcept {
        leaf_.hash_many(tiles, stride, out);
    }
    Bytes32 node(const Bytes32& left, const Bytes32& right) const noexcept;
    /// Root of the complete tree over 2^d hashes, which are overwritten.
    Bytes32 fold(std::span<Bytes32> nodes) const noexcept;
    /// Appends the siblings on the way from `index` to the root of the complete tree over `nodes`, lowest first.
    void append_path(std::vector<Bytes32> nodes, std::size_t index, std::vector<Bytes32>& siblings) const;
    /// Root over the leaf at `index` with these siblings, lowest first.
    Bytes32 fold_path(const Bytes32& leaf, std::uint64_t index, std::span<const Bytes32> siblings) const;

private:
    /// Replaces the front half of `nodes` by the level above them.
    void raise(std::span<Bytes32> nodes) const noexcept;

    FixedHasher leaf_;
    FixedHasher node_;
};

} // namespace kaisar::popw
