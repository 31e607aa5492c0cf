// Eight walkers a vector: their eight blocks are transposed, so that word i of all of them is one vector. That makes a
// step a third of the instructions that it is for single walkers, and the processor looks that much further ahead: more
// blocks are on their way at a time.
#include "kernels/walk/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t lanes = 8;
constexpr std::size_t groups_in_step = 6; // 48 walkers

/// Eight walkers and where each reads next.
struct Group {
    __m512i states;
    alignas(64) const std::uint8_t* at[lanes];
};

/// The upper halves of the products of eight 64-bit words.
inline __m512i multiply_high(__m512i a, __m512i b) {
    const __m512i low_half = _mm512_set1_epi64(0xffffffff);
    const __m512i a_high = _mm512_srli_epi64(a, 32), b_high = _mm512_srli_epi64(b, 32);
    const __m512i middle = _mm512_add_epi64(_mm512_mul_epu32(a_high, b), _mm512_srli_epi64(_mm512_mul_epu32(a, b), 32));
    const __m512i other = _mm512_add_epi64(_mm512_mul_epu32(a, b_high), _mm512_and_si512(middle, low_half));
    return _mm512_add_epi64(_mm512_mul_epu32(a_high, b_high),
                            _mm512_add_epi64(_mm512_srli_epi64(middle, 32), _mm512_srli_epi64(other, 32)));
}

inline void aim(Group& group, const WalkArguments& g) {
    const __m512i block = multiply_high(group.states, _mm512_set1_epi64(static_cast<long long>(g.blocks)));
    const __m512i base = _mm512_set1_epi64(static_cast<long long>(reinterpret_cast<std::uintptr_t>(g.memory)));
    _mm512_store_si512(group.at, _mm512_add_epi64(base, _mm512_slli_epi64(block, 6)));
    for (const auto* place : group.at) _mm_prefetch(reinterpret_cast<const char*>(place), _MM_HINT_T0);
}

inline __m512i mix(__m512i states, __m512i words) {
    const __m512i multiplier = _mm512_set1_epi64(static_cast<long long>(0x9e3779b97f4a7c15));
    states = _mm512_mullo_epi64(_mm512_xor_si512(states, words), multiplier);
    return _mm512_xor_si512(states, _mm512_srli_epi64(states, 32));
}

inline __m512i read(const Group& group) {
    __m512i block[lanes], pairs[lanes], quads[lanes];
    for (std::size_t i = 0; i < lanes; ++i) block[i] = _mm512_loadu_si512(group.at[i]);
    // pairs[i]: even words of walkers i and i + 1; pairs[i + 1]: their odd words
    for (std::size_t i = 0; i < lanes; i += 2) {
        pairs[i] = _mm512_unpacklo_epi64(block[i], block[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_epi64(block[i], block[i + 1]);
    }
    for (std::size_t i = 0; i < 2; ++i) { // 128-bit lanes 0 and 2, then 1 and 3, of four walkers
        quads[i] = _mm512_shuffle_i64x2(pairs[i], pairs[i + 2], 0x88);
        quads[i + 2] = _mm512_shuffle_i64x2(pairs[i], pairs[i + 2], 0xdd);
        quads[i + 4] = _mm512_shuffle_i64x2(pairs[i + 4], pairs[i + 6], 0x88);
        quads[i + 6] = _mm512_shuffle_i64x2(pairs[i + 4], pairs[i + 6], 0xdd);
    }
    __m512i states = group.states;
    states = mix(states, _mm512_shuffle_i64x2(quads[0], quads[4], 0x88));
    states = mix(states, _mm512_shuffle_i64x2(quads[1], quads[5], 0x88));
    states = mix(states, _mm512_shuffle_i64x2(quads[2], quads[6], 0x88));
    states = mix(states, _mm512_shuffle_i64x2(quads[3], quads[7], 0x88));
    states = mix(states, _mm512_shuffle_i64x2(quads[0], quads[4], 0xdd));
    states = mix(states, _mm512_shuffle_i64x2(quads[1], quads[5], 0xdd));
    states = mix(states, _mm512_shuffle_i64x2(quads[2], quads[6], 0xdd));
    return mix(states, _mm512_shuffle_i64x2(quads[3], quads[7], 0xdd));
}

/// Which lanes of the group that begins at `first` are walkers.
__mmask8 present(std::size_t first, std::size_t count) {
    return count - first >= lanes ? __mmask8{0xff} : static_cast<__mmask8>((1u << (count - first)) - 1);
}

} // namespace

void walk_avx512(const WalkArguments& g) noexcept {
    if (g.steps == 0) return;
    Group groups[groups_in_step];
    constexpr std::size_t in_step = lanes * groups_in_step;
    const auto begin = [&](Group& group, std::size_t first) { // lanes without a walker read block 0
        group.states = _mm512_maskz_loadu_epi64(present(first, g.count), g.states + first);
        aim(group, g);
    };
    for (std::size_t i = 0; i < groups_in_step && lanes * i < g.count; ++i) begin(groups[i], lanes * i);
    for (std::size_t first = 0; first < g.count; first += in_step) {
        const std::size_t left = (g.count - first + lanes - 1) / lanes;
        const std::size_t here = left < groups_in_step ? left : groups_in_step;
        for (std::size_t step = 1; step < g.steps; ++step) {
            for (std::size_t i = 0; i < here; ++i) {
                groups[i].states = read(groups[i]);
                aim(groups[i], g);
            }
        }
        for (std::size_t i = 0; i < here; ++i) {
            const std::size_t at = first + lanes * i;
            _mm512_mask_storeu_epi64(g.states + at, present(at, g.count), read(groups[i]));
            if (at + in_step < g.count) begin(groups[i], at + in_step);
        }
    }
}

} // namespace kaisar::kernels
