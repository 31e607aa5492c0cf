#include "kernels/peak/contract.h"

namespace kaisar::kernels {
namespace {

float from_bf16(std::uint16_t bits) {
    const std::uint32_t widened = std::uint32_t{bits} << 16;
    float value = 0;
    __builtin_memcpy(&value, &widened, sizeof value);
    return value;
}

} // namespace

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

void peak_f64_reference(std::size_t rounds, const double* a, const double* b, double* out) noexcept {
    constexpr std::size_t chains = 4, lanes = 4;
    double x[chains][lanes];
    // Different starts, or the compiler would see that the chains are one.
    for (std::size_t c = 0; c < chains; ++c)
        for (std::size_t i = 0; i < lanes; ++i) x[c][i] = static_cast<double>(c);
    double factor[lanes], term[lanes];
    for (std::size_t i = 0; i < lanes; ++i) factor[i] = a[i], term[i] = b[i];
    for (; rounds != 0; --rounds)
        for (std::size_t c = 0; c < chains; ++c)
            for (std::size_t i = 0; i < lanes; ++i) x[c][i] = x[c][i] * factor[i] + term[i];
    for (std::size_t i = 0; i < lanes; ++i) {
        out[i] = 0;
        for (std::size_t c = 0; c < chains; ++c) out[i] += x[c][i] / static_cast<double>(chains);
    }
}

void peak_bf16_reference(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept {
    constexpr std::size_t chains = 4, elements = 16;
    float sum[chains][elements], left[elements], right[elements];
    for (std::size_t i = 0; i < elements; ++i) left[i] = from_bf16(a[i]), right[i] = from_bf16(b[i]);
    *out = 0;
    while (rounds != 0) { // sums are taken away before they grow too large to be exact
        std::size_t part = rounds < 4096 ? rounds : 4096;
        rounds -= part;
        for (auto& chain : sum)
            for (auto& value : chain) value = 0;
        for (; part != 0; --part) {
            for (std::size_t c = 0; c < chains; ++c) {
                // Without this the compiler would multiply once, before the loop.
                for (auto& value : left) __asm__ volatile("" : "+m"(value));
                for (std::size_t i = 0; i < elements; ++i) sum[c][i] += left[i] * right[i];
            }
        }
        for (const auto& chain : sum)
            for (const auto value : chain) *out += value;
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
