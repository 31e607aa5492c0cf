// Sixty-four additions of the chain at a time, with three multiplications of 512 bits beside every four of them: three
// quarters of what two ports could do, so that no addition waits for one. zmm0 … 11 are sums, 12 and 13 factor and
// term.
#include "kernels/clock_chain/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {

// clang-format off
#define ADD "add %[step], %[sum]\n"
#define MULTIPLY(to) "vfmadd213ps %%zmm13, %%zmm12, %%zmm" to "\n"
#define FOUR(a, b, c) ADD MULTIPLY(a) ADD MULTIPLY(b) ADD MULTIPLY(c) ADD
#define SIXTEEN FOUR("0", "1", "2") FOUR("3", "4", "5") FOUR("6", "7", "8") FOUR("9", "10", "11")

std::uint64_t clock_chain_avx512(std::uint64_t additions, std::uint64_t step) noexcept {
    constexpr std::uint64_t unrolled = 64;
    const float factor = 0.7f, term = 0.3f; // numbers with many bits set: zeros would need less power
    std::uint64_t sum = 0, rounds = additions / unrolled;
    if (rounds == 0) return 0;
    __asm__ volatile(
        "vbroadcastss %[factor], %%zmm12\n"
        "vbroadcastss %[term], %%zmm13\n"
        "vmovaps %%zmm12, %%zmm0\n"  "vmovaps %%zmm12, %%zmm1\n"  "vmovaps %%zmm12, %%zmm2\n"
        "vmovaps %%zmm12, %%zmm3\n"  "vmovaps %%zmm12, %%zmm4\n"  "vmovaps %%zmm12, %%zmm5\n"
        "vmovaps %%zmm12, %%zmm6\n"  "vmovaps %%zmm12, %%zmm7\n"  "vmovaps %%zmm12, %%zmm8\n"
        "vmovaps %%zmm12, %%zmm9\n"  "vmovaps %%zmm12, %%zmm10\n" "vmovaps %%zmm12, %%zmm11\n"
        ".p2align 5\n"
        "1:\n" SIXTEEN SIXTEEN SIXTEEN SIXTEEN
        "dec %[rounds]\n"
        "jnz 1b\n"
        : [sum] "+&r"(sum), [rounds] "+&r"(rounds)
        : [step] "r"(step), [factor] "m"(factor), [term] "m"(term)
        : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
          "xmm13");
    return sum;
}
// clang-format on

} // namespace kaisar::kernels
