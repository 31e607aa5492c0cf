// Eight blocks at a time: lane l of every vector belongs to block counter + l.
#include "kernels/chacha8/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t lanes = 8;

/// Moves the bytes of every word. In assembly: clang 14 makes two shuffles of one, for both sides of the exclusive or
/// before it, or for both halves of a register, which costs a seventh of the speed.
__m256i shuffle(__m256i x, __m256i order) {
    __asm__("vpshufb %[order], %[x], %[x]" : [x] "+x"(x) : [order] "x"(order));
    return x;
}

template <int Bits>
__m256i rotate_left(__m256i x) {
    if constexpr (Bits == 16)
        return shuffle(
            x, _mm256_set_epi64x(0x0d0c0f0e09080b0a, 0x0504070601000302, 0x0d0c0f0e09080b0a, 0x0504070601000302));
    else if constexpr (Bits == 8)
        return shuffle(
            x, _mm256_set_epi64x(0x0e0d0c0f0a09080b, 0x0605040702010003, 0x0e0d0c0f0a09080b, 0x0605040702010003));
    else
        return _mm256_or_si256(_mm256_slli_epi32(x, Bits), _mm256_srli_epi32(x, 32 - Bits));
}

void quarter_round(__m256i& a, __m256i& b, __m256i& c, __m256i& d) {
    a = _mm256_add_epi32(a, b), d = rotate_left<16>(_mm256_xor_si256(d, a));
    c = _mm256_add_epi32(c, d), b = rotate_left<12>(_mm256_xor_si256(b, c));
    a = _mm256_add_epi32(a, b), d = rotate_left<8>(_mm256_xor_si256(d, a));
    c = _mm256_add_epi32(c, d), b = rotate_left<7>(_mm256_xor_si256(b, c));
}

/// Writes eight words of each block: word w of block l goes to out + 64 l + 4 w.
void store_transposed(const __m256i* words, std::uint8_t* out) {
    __m256i pairs[8], quads[8];
    for (int i = 0; i < 4; ++i) {
        pairs[2 * i] = _mm256_unpacklo_epi32(words[2 * i], words[2 * i + 1]);
        pairs[2 * i + 1] = _mm256_unpackhi_epi32(words[2 * i], words[2 * i + 1]);
    }
    for (int half = 0; half < 2; ++half) {
        for (int i = 0; i < 2; ++i) {
            quads[4 * half + 2 * i] = _mm256_unpacklo_epi64(pairs[4 * half + i], pairs[4 * half + 2 + i]);
            quads[4 * half + 2 * i + 1] = _mm256_unpackhi_epi64(pairs[4 * half + i], pairs[4 * half + 2 + i]);
        }
    }
    for (int l = 0; l < 4; ++l) {
        const __m256i low = _mm256_permute2x128_si256(quads[l], quads[4 + l], 0x20);
        const __m256i high = _mm256_permute2x128_si256(quads[l], quads[4 + l], 0x31);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 64 * l), low);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 64 * (l + 4)), high);
    }
}

void eight_blocks(const __m256i* constant_words, std::uint64_t counter, std::uint8_t* out) {
    alignas(32) std::uint32_t counters[2][lanes];
    for (std::size_t l = 0; l < lanes; ++l) {
        counters[0][l] = static_cast<std::uint32_t>(counter + l);
        counters[1][l] = static_cast<std::uint32_t>((counter + l) >> 32);
    }
    const __m256i low = _mm256_load_si256(reinterpret_cast<const __m256i*>(counters[0]));
    const __m256i high = _mm256_load_si256(reinterpret_cast<const __m256i*>(counters[1]));
    __m256i x[16];
    for (int i = 0; i < 16; ++i) x[i] = i == 12 ? low : i == 13 ? high : constant_words[i];
    for (int double_round = 0; double_round < 4; ++double_round) {
        for (int i = 0; i < 4; ++i) quarter_round(x[i], x[4 + i], x[8 + i], x[12 + i]);
        for (int i = 0; i < 4; ++i) quarter_round(x[i], x[4 + (i + 1) % 4], x[8 + (i + 2) % 4], x[12 + (i + 3) % 4]);
    }
    for (int i = 0; i < 16; ++i) x[i] = _mm256_add_epi32(x[i], i == 12 ? low : i == 13 ? high : constant_words[i]);
    store_transposed(x, out);
    store_transposed(x + 8, out + 32);
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
    words[12] = words[13] = _mm256_setzero_si256(); // the counter, different in every lane
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
