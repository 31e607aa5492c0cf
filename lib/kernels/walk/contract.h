/// Random walks through the pages of the memory proof: every step reads a block at a place that the step before
/// decided.
///
/// A walker's state s, B = blocks and D the memory as 64-byte blocks of eight words; `steps` times:
///
///     a = s * B >> 64                                          the upper half of the 128-bit product
///     for i = 0 … 7:   s = (s ^ D[a][i]) * 0x9e3779b97f4a7c15;   s = s ^ s >> 32
///
/// | argument | shape          | meaning                                     |
/// |----------|----------------|---------------------------------------------|
/// | memory   | B x 64 bytes   | read only; aligned to 64 for speed          |
/// | blocks   | B >= 1         |                                             |
/// | states   | count          | where the walkers start; where they end     |
/// | steps    | any            | of every walker                             |
///
/// All words little endian. Work: count x steps blocks of memory at random, none of which can be foreseen, so many
/// walkers take turns. Identical across all variants. Cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

struct WalkArguments {
    const std::uint8_t* memory;
    std::uint64_t blocks;
    std::uint64_t* states;
    std::size_t count;
    std::size_t steps;
};

void walk_reference(const WalkArguments& arguments) noexcept;
void walk_avx2(const WalkArguments& arguments) noexcept;
void walk_avx512(const WalkArguments& arguments) noexcept;

} // namespace kaisar::kernels
