/// Ways to fill a round's tree without doing the round's work.
#pragma once

#include "unit/popw/staged_proof.h"

#include <cmath>

namespace kaisar::cheats {

using namespace popw;

using LeafMaker = std::function<void(std::uint32_t round, const Bytes32& round_seed, std::vector<Bytes32>& leaves)>;
using Row = std::vector<std::int8_t>;

inline const Profile& smallest_profile() { return all_profiles().front(); }

/// All rows of an operand of profile T0, back to back.
inline Row operand(const Bytes32& round_seed, Operand which) {
    const auto& profile = smallest_profile();
    Row rows(std::size_t{profile.m} * profile.k);
    generate_rows(staged::primitives(), round_seed, which, profile, 0, profile.m, rows.data());
    return rows;
}

/// A scalar product, in whatever way the prover does it.
using Product = std::function<std::int32_t(const std::int8_t* a, const std::int8_t* b, std::size_t k)>;

inline std::int32_t exact_product(const std::int8_t* a, const std::int8_t* b, std::size_t k) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < k; ++i) sum += a[i] * b[i];
    return sum;
}

/// vpmaddubsw: unsigned times signed, pairs added in 16 bits that saturate; then what a + 128 was too much is taken
/// off.
inline std::int32_t saturating_product(const std::int8_t* a, const std::int8_t* b, std::size_t k) {
    std::int32_t sum = 0;
    std::int32_t b_sum = 0;
    for (std::size_t i = 0; i < k; i += 2) {
        const int pair = (a[i] + 128) * b[i] + (a[i + 1] + 128) * b[i + 1];
        sum += std::clamp(pair, -32768, 32767);
        b_sum += b[i] + b[i + 1];
    }
    return sum - 128 * b_sum;
}

/// The exact sum, rounded to so many significant bits: 11 are those of fp16, 8 those of bf16.
inline Product rounded_product(int bits) {
    return [bits](const std::int8_t* a, const std::int8_t* b, std::size_t k) {
        const auto sum = static_cast<double>(exact_product(a, b, k));
        int exponent = 0;
        std::frexp(sum, &exponent);
        const int scale = exponent - bits;
        return scale <= 0 ? static_cast<std::int32_t>(sum)
                          : static_cast<std::int32_t>(std::ldexp(std::nearbyint(std::ldexp(sum, -scale)), scale));
    };
}

/// Operands without their lowest bit: what fits a seven-bit multiplier.
inline std::int32_t seven_bit_product(const std::int8_t* a, const std::int8_t* b, std::size_t k) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < k; ++i) sum += (a[i] & ~1) * (b[i] & ~1);
    return sum;
}

/// The 64 leaves of the product of `a` and `b_transposed`.
inline void multiply(const Row& a, const Row& b_transposed, const Product& product, std::vector<Bytes32>& leaves) {
    const auto& profile = smallest_profile();
    std::vector<std::int32_t> c(std::size_t{profile.m} * profile.m);
    for (std::size_t row = 0; row < profile.m; ++row)
        for (std::size_t column = 0; column < profile.m; ++column)
            c[row * profile.m + column] =
                product(a.data() + row * profile.k, b_transposed.data() + column * profile.k, profile.k);
    hash_superblock(TreeHasher(staged::primitives()), c.data(), profile.m, leaves.data());
}

/// Fresh operands for each round, multiplied in that way.
inline LeafMaker with_product(Product product) {
    return [product = std::move(product)](std::uint32_t, const Bytes32& seed, std::vector<Bytes32>& leaves) {
        multiply(operand(seed, Operand::a), operand(seed, Operand::b_transposed), product, leaves);
    };
}

/// Honest work, but for another device seed: another slot, node, device or shape. It is chained as it was there.
inline LeafMaker work_of(const Bytes32& other_device_seed) {
    return [other_device_seed, previous = Bytes32{}](std::uint32_t round, const Bytes32&,
                                                     std::vector<Bytes32>& leaves) mutable {
        recompute_superblock(staged::primitives(), TreeHasher(staged::primitives()), smallest_profile(),
                             round_seed(other_device_seed, round, previous), 0, leaves.data());
        previous = staged::grow_tree(leaves).back().front();
    };
}

} // namespace kaisar::cheats
