#include "popw_work/hashing.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "popw_rules/tagged_hash.h"
#include "popw_work/tiles.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

constexpr std::array<std::uint32_t, 8> sha256_initial{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

void store_be32(std::uint8_t* to, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

template <class Function>
const kernels::Variant<Function>& choose(std::span<const kernels::Variant<Function>> table, CpuFeatures features,
                                         std::optional<std::string_view> name) {
    const bool has_it = name && std::ranges::any_of(table, [&](const auto& variant) { return variant.name == *name; });
    return has_it ? kernels::require_variant(table, features, *name) : kernels::best_variant(table, features);
}

} // namespace

Primitives choose_primitives(CpuFeatures features, std::optional<std::string_view> variant) {
    const auto& gemm = variant ? kernels::require_variant(kernels::gemm_s8_variants(), features, *variant)
                               : kernels::best_variant(kernels::gemm_s8_variants(), features);
    const auto& sha256 = choose(kernels::sha256_variants(), features, variant);
    const auto& many = choose(kernels::sha256_many_variants(), features, variant);
    const auto& chacha8 = choose(kernels::chacha8_variants(), features, variant);
    const auto& pages = choose(kernels::page_fill_variants(), features, variant);
    const auto& walk = choose(kernels::walk_variants(), features, variant);
    return {.gemm = gemm.function,
            .sha256 = sha256.function,
            .sha256_many = many.function,
            .chacha8 = chacha8.function,
            .page_fill = pages.function,
            .walk = walk.function,
            .gemm_variant = gemm.name,
            .sha256_variant = sha256.name,
            .sha256_many_variant = many.name,
            .chacha8_variant = chacha8.name,
            .page_fill_variant = pages.name,
            .walk_variant = walk.name};
}

void require_working(const Primitives& primitives) {
    // Round 0 of profile T0 under the seed 00 01 .. 1f: the root that docs/popw.md gives, found by an independent
    // program.
    constexpr std::string_view expected = "64534dc54f874aeb2c96387bad9dc3bb258e48d2a4c6961b4ac40796450caee0";
    Bytes32 device_seed;
    for (std::size_t i = 0; i < device_seed.size(); ++i) device_seed[i] = static_cast<std::uint8_t>(i);
    const auto seed = tagged_hash("round-seed", {device_seed, ByteArray<4>{}, Bytes32{}});
    if (encode_hex(recompute_root(primitives, all_profiles().front(), seed)) == expected) return;
    throw Error(ErrorKind::mismatch,
                "the kernels gemm_s8/" + std::string(primitives.gemm_variant) + ", sha256/" +
                    std::string(primitives.sha256_variant) + ", sha256_many/" +
                    std::string(primitives.sha256_many_variant) + ", chacha8/" +
                    std::string(primitives.chacha8_variant) + " give a wrong answer to a known round",
                "the processor or the memory may be faulty; --variant reference uses the plain kernels");
}

FixedHasher::FixedHasher(const Primitives& primitives, std::string_view tag, std::size_t message_bytes)
    : compress_(primitives.sha256), compress_many_(primitives.sha256_many), blocks_(message_bytes / 64),
      midstate_(sha256_initial), padding_{0x80} {
    check(message_bytes % 64 == 0, "a fixed-length message fills whole blocks");
    const auto digest = tag_digest(tag);
    ByteArray<64> prefix;
    std::ranges::copy(digest, prefix.begin());
    std::ranges::copy(digest, prefix.begin() + 32);
    compress_(midstate_.data(), prefix.data(), 1);
    store_be32(padding_.data() + 60, static_cast<std::uint32_t>(8 * (64 + message_bytes)));
}

Bytes32 FixedHasher::hash(const std::uint8_t* message) const noexcept {
    auto state = midstate_;
    compress_(state.data(), message, blocks_);
    compress_(state.data(), padding_.data(), 1);
    Bytes32 digest;
    for (std::size_t i = 0; i < state.size(); ++i) store_be32(digest.data() + 4 * i, state[i]);
    return digest;
}

void FixedHasher::hash_many(std::span<const std::uint8_t* const> messages, std::size_t stride,
                            Bytes32* digests) const noexcept {
    compress_many_(
        {midstate_.data(), messages.data(), stride, blocks_, padding_.data(), digests->data(), messages.size()});
}

TreeHasher::TreeHasher(const Primitives& primitives) : leaf_(primitives, "leaf", 1024), node_(primitives, "node", 64) {}

Bytes32 TreeHasher::node(const Bytes32& left, const Bytes32& right) const noexcept {
    ByteArray<64> both;
    std::ranges::copy(left, both.begin());
    std::ranges::copy(right, both.begin() + 32);
    return node_.hash(both.data());
}

void TreeHasher::raise(std::span<Bytes32> nodes) const noexcept {
    std::array<const std::uint8_t*, 64> pairs;
    const std::size_t count = nodes.size() / 2;
    for (std::size_t first = 0; first < count; first += pairs.size()) {
        const auto here = std::min(pairs.size(), count - first);
        for (std::size_t i = 0; i < here; ++i) pairs[i] = nodes[2 * (first + i)].data();
        node_.hash_many({pairs.data(), here}, 64, &nodes[first]);
    }
}

Bytes32 TreeHasher::fold(std::span<Bytes32> nodes) const noexcept {
    check(!nodes.empty() && (nodes.size() & (nodes.size() - 1)) == 0, "a tree has a power of two of leaves");
    for (; nodes.size() > 1; nodes = nodes.first(nodes.size() / 2)) raise(nodes);
    return nodes.front();
}

void TreeHasher::append_path(std::vector<Bytes32> nodes, std::size_t index, std::vector<Bytes32>& siblings) const {
    for (; nodes.size() > 1; index /= 2) {
        siblings.push_back(nodes[index ^ 1]);
        raise(nodes);
        nodes.resize(nodes.size() / 2);
    }
}

Bytes32 TreeHasher::fold_path(const Bytes32& leaf, std::uint64_t index, std::span<const Bytes32> siblings) const {
    auto hash = leaf;
    for (const auto& sibling : siblings) {
        hash = (index & 1) != 0 ? node(sibling, hash) : node(hash, sibling);
        index >>= 1;
    }
    return hash;
}

} // namespace kaisar::popw
