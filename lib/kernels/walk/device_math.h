/// A walker's step as device code computes it: plain constexpr functions, which a test runs on the host.
#pragma once

#include <cstdint>

namespace kaisar::kernels::device {

__extension__ using WideWord = unsigned __int128;

/// The block that a walker in that state reads next.
constexpr std::uint64_t aimed_at(std::uint64_t state, std::uint64_t blocks) {
    return static_cast<std::uint64_t>(WideWord{state} * blocks >> 64);
}

constexpr std::uint64_t taken_in(std::uint64_t state, std::uint64_t word) {
    state = (state ^ word) * 0x9e3779b97f4a7c15;
    return state ^ state >> 32;
}

} // namespace kaisar::kernels::device
