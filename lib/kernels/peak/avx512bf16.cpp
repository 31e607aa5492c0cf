// Inline assembly, because a compiler that understood this loop would see that its chains are equal and keep one.
// Twenty-four chains: two operations a cycle, each done after ten, would be the most that any processor needs.
#include "kernels/peak/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t chains = 24, lanes = 16;

/// At most 4096 rounds, not none, so that the sums stay exact.
void add_products(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) {
    alignas(64) float sums[chains * lanes];
    __asm__ volatile("vbroadcasti64x4 (%[a]), %%zmm24\n"
                     "vbroadcasti64x4 (%[b]), %%zmm25\n"
                     "vpxord %%zmm0, %%zmm0, %%zmm0\n"
                     "vpxord %%zmm1, %%zmm1, %%zmm1\n"
                     "vpxord %%zmm2, %%zmm2, %%zmm2\n"
                     "vpxord %%zmm3, %%zmm3, %%zmm3\n"
                     "vpxord %%zmm4, %%zmm4, %%zmm4\n"
                     "vpxord %%zmm5, %%zmm5, %%zmm5\n"
                     "vpxord %%zmm6, %%zmm6, %%zmm6\n"
                     "vpxord %%zmm7, %%zmm7, %%zmm7\n"
                     "vpxord %%zmm8, %%zmm8, %%zmm8\n"
                     "vpxord %%zmm9, %%zmm9, %%zmm9\n"
                     "vpxord %%zmm10, %%zmm10, %%zmm10\n"
                     "vpxord %%zmm11, %%zmm11, %%zmm11\n"
                     "vpxord %%zmm12, %%zmm12, %%zmm12\n"
                     "vpxord %%zmm13, %%zmm13, %%zmm13\n"
                     "vpxord %%zmm14, %%zmm14, %%zmm14\n"
                     "vpxord %%zmm15, %%zmm15, %%zmm15\n"
                     "vpxord %%zmm16, %%zmm16, %%zmm16\n"
                     "vpxord %%zmm17, %%zmm17, %%zmm17\n"
                     "vpxord %%zmm18, %%zmm18, %%zmm18\n"
                     "vpxord %%zmm19, %%zmm19, %%zmm19\n"
                     "vpxord %%zmm20, %%zmm20, %%zmm20\n"
                     "vpxord %%zmm21, %%zmm21, %%zmm21\n"
                     "vpxord %%zmm22, %%zmm22, %%zmm22\n"
                     "vpxord %%zmm23, %%zmm23, %%zmm23\n"
                     ".p2align 5\n"
                     "1:\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm0\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm1\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm2\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm3\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm4\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm5\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm6\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm7\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm8\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm9\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm10\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm11\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm12\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm13\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm14\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm15\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm16\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm17\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm18\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm19\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm20\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm21\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm22\n"
                     "vdpbf16ps %%zmm25, %%zmm24, %%zmm23\n"
                     "dec %[rounds]\n"
                     "jnz 1b\n"
                     "vmovups %%zmm0, 0(%[sums])\n"
                     "vmovups %%zmm1, 64(%[sums])\n"
                     "vmovups %%zmm2, 128(%[sums])\n"
                     "vmovups %%zmm3, 192(%[sums])\n"
                     "vmovups %%zmm4, 256(%[sums])\n"
                     "vmovups %%zmm5, 320(%[sums])\n"
                     "vmovups %%zmm6, 384(%[sums])\n"
                     "vmovups %%zmm7, 448(%[sums])\n"
                     "vmovups %%zmm8, 512(%[sums])\n"
                     "vmovups %%zmm9, 576(%[sums])\n"
                     "vmovups %%zmm10, 640(%[sums])\n"
                     "vmovups %%zmm11, 704(%[sums])\n"
                     "vmovups %%zmm12, 768(%[sums])\n"
                     "vmovups %%zmm13, 832(%[sums])\n"
                     "vmovups %%zmm14, 896(%[sums])\n"
                     "vmovups %%zmm15, 960(%[sums])\n"
                     "vmovups %%zmm16, 1024(%[sums])\n"
                     "vmovups %%zmm17, 1088(%[sums])\n"
                     "vmovups %%zmm18, 1152(%[sums])\n"
                     "vmovups %%zmm19, 1216(%[sums])\n"
                     "vmovups %%zmm20, 1280(%[sums])\n"
                     "vmovups %%zmm21, 1344(%[sums])\n"
                     "vmovups %%zmm22, 1408(%[sums])\n"
                     "vmovups %%zmm23, 1472(%[sums])\n"
                     : [rounds] "+r"(rounds)
                     : [a] "r"(a), [b] "r"(b), [sums] "r"(sums)
                     : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                       "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19",
                       "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25");
    for (const auto sum : sums) *out += static_cast<double>(sum);
}

} // namespace

void peak_bf16_avx512bf16(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept {
    constexpr std::size_t rounds_at_a_time = 4096;
    *out = 0;
    for (; rounds > rounds_at_a_time; rounds -= rounds_at_a_time) add_products(rounds_at_a_time, a, b, out);
    if (rounds != 0) add_products(rounds, a, b, out);
}

} // namespace kaisar::kernels
