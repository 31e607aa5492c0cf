#include "kernels/peak/contract.h"

namespace kaisar::kernels {

void peak_f32_reference(std::size_t rounds, const float* a, const float* b, float* out) noexcept {
    constexpr std::size_t chains = 4, lanes = 8;
    float x[chains][lanes];
    // Different starts, or the compiler would see that the chains are one.
    for (std::size_t c = 0; c < chains; ++c)
        for (std::size_t i = 0; i < lanes; ++i) x[c][i] = static_cast<float>(c);
    float factor[lanes], term[lanes];
    for (std::size_t i = 0; i < lanes; ++i) factor[i] = a[i], term[i] = b[i];
    for (; rounds != 0; --rounds)
        for (std::size_t c = 0; c < chains; ++c)
            for (std::size_t i = 0; i < lanes; ++i) x[c][i] = x[c][i] * factor[i] + term[i];
    for (std::size_t i = 0; i < lanes; ++i) {
        out[i] = 0;
        for (std::size_t c = 0; c < chains; ++c) out[i] += x[c][i] / static_cast<float>(chains);
    }
}

void peak_s8_reference(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept {
    constexpr std::size_t chains = 4, elements = 16;
    std::uint32_t sum[chains][elements] = {};
    std::int32_t left[elements], right[elements];
    for (std::size_t i = 0; i < elements; ++i) left[i] = a[i], right[i] = b[i];
    for (; rounds != 0; --rounds) {
        for (std::size_t c = 0; c < chains; ++c) {
            // Without this the compiler would multiply once, before the loop.
            for (auto& value : left) __asm__ volatile("" : "+r"(value));
            for (std::size_t i = 0; i < elements; ++i) sum[c][i] += static_cast<std::uint32_t>(left[i] * right[i]);
        }
    }
    *out = 0;
    for (const auto& chain : sum)
        for (const auto lane : chain) *out += lane;
}

} // namespace kaisar::kernels
