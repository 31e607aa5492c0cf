// Eight blocks at a time: lane l of every vector belongs to block counter + l.
#include "kernels/chacha8/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t lanes = 8;

// The rounds are assembly: sixteen words and two for rotations do not fit sixteen registers, and what compilers keep in
// memory then differs by a tenth in speed. ymm0 … 3 are the words 0 … 3, 4 … 7 their partners, 10 … 13 the words 12 …
// 15; of the words 8 … 11 two are in 8 and 9, the other two where the result will be. 14 and 15 are on their way.
// clang-format off
#define STEP(instruction, from, to, from_too, to_too)                                     \
    instruction " %%ymm" from ", %%ymm" to ", %%ymm" to "\n"                              \
    instruction " %%ymm" from_too ", %%ymm" to_too ", %%ymm" to_too "\n"
#define SHUFFLE(order, word, word_too)                                                    \
    "vpshufb " order "(%[orders]), %%ymm" word ", %%ymm" word "\n"                        \
    "vpshufb " order "(%[orders]), %%ymm" word_too ", %%ymm" word_too "\n"
#define ROTATE(left, right, word, word_too)                                               \
    "vpslld $" left ", %%ymm" word ", %%ymm14\n"                                          \
    "vpslld $" left ", %%ymm" word_too ", %%ymm15\n"                                      \
    "vpsrld $" right ", %%ymm" word ", %%ymm" word "\n"                                   \
    "vpsrld $" right ", %%ymm" word_too ", %%ymm" word_too "\n"                           \
    STEP("vpor", "14", word, "15", word_too)
// Two quarter rounds.
#define QUARTERS(a, b, c, d, a_too, b_too, c_too, d_too)                                  \
    STEP("vpaddd", b, a, b_too, a_too) STEP("vpxor", a, d, a_too, d_too) SHUFFLE("0", d, d_too) \
    STEP("vpaddd", d, c, d_too, c_too) STEP("vpxor", c, b, c_too, b_too) ROTATE("12", "20", b, b_too) \
    STEP("vpaddd", b, a, b_too, a_too) STEP("vpxor", a, d, a_too, d_too) SHUFFLE("32", d, d_too) \
    STEP("vpaddd", d, c, d_too, c_too) STEP("vpxor", c, b, c_too, b_too) ROTATE("7", "25", b, b_too)
// The words in ymm8 and 9 make room for two others.
#define CHANGE(away, away_too, here, here_too)                                            \
    "vmovdqa %%ymm8, 32*" away "(%[out])\n"                                               \
    "vmovdqa %%ymm9, 32*" away_too "(%[out])\n"                                           \
    "vmovdqa 32*" here "(%[out]), %%ymm8\n"                                               \
    "vmovdqa 32*" here_too "(%[out]), %%ymm9\n"
#define LOAD(word, to)   "vmovdqa 32*" word "(%[in]), %%ymm" to "\n"
#define FINISH(word, at)                                                                  \
    "vpaddd 32*" word "(%[in]), %%ymm" at ", %%ymm" at "\n"                               \
    "vmovdqa %%ymm" at ", 32*" word "(%[out])\n"

/// Eight rounds of the sixteen words at `in`, which are added then; all aligned.
__attribute__((always_inline)) inline void mix(const __m256i* in, __m256i* out) {
    alignas(32) static constexpr std::uint64_t orders[8] = { // of bytes, for rotations by 16 and 8 bits
        0x0504070601000302, 0x0d0c0f0e09080b0a, 0x0504070601000302, 0x0d0c0f0e09080b0a,
        0x0605040702010003, 0x0e0d0c0f0a09080b, 0x0605040702010003, 0x0e0d0c0f0a09080b};
    std::size_t double_rounds = 4;
    __asm__ volatile(
        LOAD("10", "14") LOAD("11", "15")
        "vmovdqa %%ymm14, 32*10(%[out])\n"
        "vmovdqa %%ymm15, 32*11(%[out])\n"
        LOAD("0", "0") LOAD("1", "1") LOAD("2", "2") LOAD("3", "3") LOAD("4", "4") LOAD("5", "5") LOAD("6", "6")
        LOAD("7", "7") LOAD("8", "8") LOAD("9", "9") LOAD("12", "10") LOAD("13", "11") LOAD("14", "12") LOAD("15", "13")
        ".p2align 5\n"
        "1:\n"
        QUARTERS("0", "4", "8", "10", "1", "5", "9", "11")
        CHANGE("8", "9", "10", "11")
        QUARTERS("2", "6", "8", "12", "3", "7", "9", "13")
        QUARTERS("0", "5", "8", "13", "1", "6", "9", "10")
        CHANGE("10", "11", "8", "9")
        QUARTERS("2", "7", "8", "11", "3", "4", "9", "12")
        "dec %[double_rounds]\n"
        "jnz 1b\n"
        FINISH("0", "0") FINISH("1", "1") FINISH("2", "2") FINISH("3", "3") FINISH("4", "4") FINISH("5", "5")
        FINISH("6", "6") FINISH("7", "7") FINISH("8", "8") FINISH("9", "9") FINISH("12", "10") FINISH("13", "11")
        FINISH("14", "12") FINISH("15", "13")
        "vmovdqa 32*10(%[out]), %%ymm8\n"
        "vmovdqa 32*11(%[out]), %%ymm9\n"
        FINISH("10", "8") FINISH("11", "9")
        : [double_rounds] "+r"(double_rounds)
        : [in] "r"(in), [out] "r"(out), [orders] "r"(orders)
        : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
          "xmm12", "xmm13", "xmm14", "xmm15");
}
// clang-format on

/// Writes eight words of each block: word w of block l goes to out + 64 l + 4 w.
__attribute__((always_inline)) inline void store_transposed(const __m256i* words, std::uint8_t* out) {
    const auto* const halves = reinterpret_cast<const __m128i*>(words);
#pragma GCC unroll 2
    for (std::size_t half = 0; half < 2; ++half) { // blocks 0 to 3, then 4 to 7
        __m256i x[4], pairs[4];                    // words i and 4 + i; words 0 and 1, 2 and 3 of four blocks
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i)
            x[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(halves[2 * i + half]), halves[2 * (4 + i) + half], 1);
#pragma GCC unroll 2
        for (std::size_t i = 0; i < 2; ++i) {
            pairs[i] = _mm256_unpacklo_epi32(x[2 * i], x[2 * i + 1]);
            pairs[2 + i] = _mm256_unpackhi_epi32(x[2 * i], x[2 * i + 1]);
        }
#pragma GCC unroll 2
        for (std::size_t i = 0; i < 2; ++i) {
            auto* const to = reinterpret_cast<__m256i*>(out + 64 * (4 * half + 2 * i));
            _mm256_storeu_si256(to, _mm256_unpacklo_epi64(pairs[2 * i], pairs[2 * i + 1]));
            _mm256_storeu_si256(to + 2, _mm256_unpackhi_epi64(pairs[2 * i], pairs[2 * i + 1]));
        }
    }
}

/// `words` but for the counter, which is written there.
__attribute__((always_inline)) inline void eight_blocks(__m256i* words, std::uint64_t counter, std::uint8_t* out) {
    const __m256i first = _mm256_set1_epi32(static_cast<int>(counter)), sign = _mm256_set1_epi32(INT32_MIN);
    const __m256i low = _mm256_add_epi32(first, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    const __m256i carry = _mm256_cmpgt_epi32(_mm256_xor_si256(first, sign), _mm256_xor_si256(low, sign)); // -1 or 0
    words[12] = low;
    words[13] = _mm256_sub_epi32(_mm256_set1_epi32(static_cast<int>(counter >> 32)), carry);
    __m256i mixed[16];
    mix(words, mixed);
    store_transposed(mixed, out);
    store_transposed(mixed + 8, out + 32);
}

} // namespace

void chacha8_avx2(const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                  std::size_t count) noexcept {
    constexpr std::uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    __m256i words[16];
    for (int i = 0; i < 4; ++i) words[i] = _mm256_set1_epi32(static_cast<int>(constants[i]));
    for (int i = 0; i < 8; ++i) {
        int word;
        __builtin_memcpy(&word, key + 4 * i, 4);
        words[4 + i] = _mm256_set1_epi32(word);
    }
    words[14] = _mm256_set1_epi32(static_cast<int>(nonce));
    words[15] = _mm256_set1_epi32(static_cast<int>(nonce >> 32));
    for (; count >= lanes; count -= lanes, counter += lanes, out += 64 * lanes) eight_blocks(words, counter, out);
    if (count != 0) {
        std::uint8_t blocks[64 * lanes];
        eight_blocks(words, counter, blocks);
        __builtin_memcpy(out, blocks, 64 * count);
    }
}

} // namespace kaisar::kernels
