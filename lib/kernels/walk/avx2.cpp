// Four walkers a vector: their four blocks are transposed, so that word i of all of them is one vector. Fewer
// instructions a step than single walkers need, so the processor looks further ahead: more blocks are on their way at a
// time.
#include "kernels/walk/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t lanes = 4;
constexpr std::size_t groups_in_step = 12; // 48 walkers

/// Four walkers and where each reads next.
struct Group {
    __m256i states;
    alignas(32) const std::uint8_t* at[lanes];
};

/// The upper halves of the products of four 64-bit words.
inline __m256i multiply_high(__m256i a, __m256i b) {
    const __m256i low_half = _mm256_set1_epi64x(0xffffffff);
    const __m256i a_high = _mm256_srli_epi64(a, 32), b_high = _mm256_srli_epi64(b, 32);
    const __m256i middle = _mm256_add_epi64(_mm256_mul_epu32(a_high, b), _mm256_srli_epi64(_mm256_mul_epu32(a, b), 32));
    const __m256i other = _mm256_add_epi64(_mm256_mul_epu32(a, b_high), _mm256_and_si256(middle, low_half));
    return _mm256_add_epi64(_mm256_mul_epu32(a_high, b_high),
                            _mm256_add_epi64(_mm256_srli_epi64(middle, 32), _mm256_srli_epi64(other, 32)));
}

inline void aim(Group& group, const WalkArguments& g) {
    const __m256i block = multiply_high(group.states, _mm256_set1_epi64x(static_cast<long long>(g.blocks)));
    const __m256i base = _mm256_set1_epi64x(static_cast<long long>(reinterpret_cast<std::uintptr_t>(g.memory)));
    _mm256_store_si256(reinterpret_cast<__m256i*>(group.at), _mm256_add_epi64(base, _mm256_slli_epi64(block, 6)));
    for (const auto* place : group.at) _mm_prefetch(reinterpret_cast<const char*>(place), _MM_HINT_T0);
}

inline __m256i mix(__m256i states, __m256i words) {
    const __m256i low = _mm256_set1_epi64x(0x7f4a7c15), high = _mm256_set1_epi64x(0x9e3779b9);
    states = _mm256_xor_si256(states, words);
    const __m256i crossed =
        _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(states, 32), low), _mm256_mul_epu32(states, high));
    states = _mm256_add_epi64(_mm256_mul_epu32(states, low), _mm256_slli_epi64(crossed, 32));
    return _mm256_xor_si256(states, _mm256_srli_epi64(states, 32));
}

/// Four words of each walker.
inline __m256i mix_half(__m256i states, const Group& group, std::size_t offset) {
    const auto part = [&](std::size_t i) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(group.at[i] + offset));
    };
    const __m256i even01 = _mm256_unpacklo_epi64(part(0), part(1)), odd01 = _mm256_unpackhi_epi64(part(0), part(1));
    const __m256i even23 = _mm256_unpacklo_epi64(part(2), part(3)), odd23 = _mm256_unpackhi_epi64(part(2), part(3));
    states = mix(states, _mm256_permute2x128_si256(even01, even23, 0x20));
    states = mix(states, _mm256_permute2x128_si256(odd01, odd23, 0x20));
    states = mix(states, _mm256_permute2x128_si256(even01, even23, 0x31));
    return mix(states, _mm256_permute2x128_si256(odd01, odd23, 0x31));
}

inline __m256i read(const Group& group) { return mix_half(mix_half(group.states, group, 0), group, 32); }

/// The lanes of the group that begins at `first` which are walkers: all bits set.
__m256i present(std::size_t first, std::size_t count) {
    const auto left = static_cast<long long>(count - first);
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(left), _mm256_setr_epi64x(0, 1, 2, 3));
}

} // namespace

void walk_avx2(const WalkArguments& g) noexcept {
    if (g.steps == 0) return;
    Group groups[groups_in_step];
    constexpr std::size_t in_step = lanes * groups_in_step;
    const auto begin = [&](Group& group, std::size_t first) { // lanes without a walker read block 0
        group.states =
            _mm256_maskload_epi64(reinterpret_cast<const long long*>(g.states + first), present(first, g.count));
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
            _mm256_maskstore_epi64(reinterpret_cast<long long*>(g.states + at), present(at, g.count), read(groups[i]));
            if (at + in_step < g.count) begin(groups[i], at + in_step);
        }
    }
}

} // namespace kaisar::kernels
