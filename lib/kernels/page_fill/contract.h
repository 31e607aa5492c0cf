/// Pages of the memory proof: cheap to read at random, and only to be had by running a whole page.
///
/// F(x) is eight rounds of ChaCha on sixteen words plus x. With t the block made last, t[w] its words and P = blocks:
///
///     x_0 = start
///     pass 1,  j = 1 … P-1:   t = F(t ^ x[r_0] ^ x[r_1] ^ x[r_2] ^ x[r_3]),        r_e = t[5e] * j >> 32;  x_j = t
///     later,   j = 0 … P-1:   t = F(t ^ x_j ^ x[r_0] ^ x[r_1] ^ x[r_2] ^ x[r_3]),  r_e = t[5e] * P >> 32;  x_j = t
///
/// | argument | shape                | meaning                                      |
/// |----------|----------------------|----------------------------------------------|
/// | starts   | count x 64 B         | block 0 of each page before the first pass   |
/// | blocks   | P >= 1               | 64-byte blocks a page                        |
/// | passes   | >= 1                 |                                              |
/// | pages    | count x blocks x 64 B| overwritten, no alignment needed             |
///
/// All words little endian. Work: count x (blocks x passes - 1) evaluations of F. Identical across all variants. Cannot
/// fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

struct PageFillArguments {
    const std::uint8_t* starts;
    std::size_t blocks;
    std::size_t passes;
    std::uint8_t* pages;
    std::size_t count;
};

void page_fill_reference(const PageFillArguments& arguments) noexcept;
void page_fill_avx2(const PageFillArguments& arguments) noexcept;
void page_fill_avx512(const PageFillArguments& arguments) noexcept;
void page_fill_neon(const PageFillArguments& arguments) noexcept;

} // namespace kaisar::kernels
