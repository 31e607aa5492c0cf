/// The register-only ceiling of an instruction set as a contender that takes about so long.
#pragma once

#include "interleaved.h"
#include "kernels/peak/variants.h"

namespace kaisar::tests {

/// `run(rounds)` does `per_round` operations in each round.
template <class Run>
Contender ceiling(Run run, std::size_t per_round, double seconds) {
    const auto contender = [&](std::size_t rounds) -> Contender {
        return {"ceiling", static_cast<double>(rounds * per_round), [run, rounds] { run(rounds); }};
    };
    constexpr std::size_t trial = 1 << 14;
    timed_rate(contender(trial), 1);
    const double rate = timed_rate(contender(trial), 1) / static_cast<double>(per_round);
    return contender(static_cast<std::size_t>(seconds * rate) + 1);
}

inline constexpr std::int8_t sixteen[16] = {1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, -12, 13, -14, 15, -16};

inline Contender int8_ceiling(const kernels::Peak& peak, double seconds) {
    const auto run = [&peak](std::size_t rounds) {
        std::uint32_t sum = 0;
        peak.s8(rounds, sixteen, sixteen, &sum);
    };
    return ceiling(run, peak.s8_op_per_round, seconds);
}

inline Contender f32_ceiling(const kernels::Peak& peak, double seconds) {
    const auto run = [&peak](std::size_t rounds) {
        const float factor[8] = {0.5f, 0.25f, -0.5f, 0.75f, 0.9f, 0.3f, 0.125f, -0.9f};
        float out[8];
        peak.f32(rounds, factor, factor, out);
    };
    return ceiling(run, peak.f32_flop_per_round, seconds);
}

inline Contender f64_ceiling(const kernels::Peak& peak, double seconds) {
    const auto run = [&peak](std::size_t rounds) {
        const double factor[4] = {0.5, 0.25, -0.5, 0.75};
        double out[4];
        peak.f64(rounds, factor, factor, out);
    };
    return ceiling(run, peak.f64_flop_per_round, seconds);
}

inline Contender bf16_ceiling(const kernels::Peak& peak, double seconds) {
    const auto run = [&peak](std::size_t rounds) {
        const std::uint16_t ones[16] = {0x3f80, 0xbf80, 0x4000, 0xc000, 0x4040, 0xc040, 0x4080, 0xc080,
                                        0x40a0, 0xc0a0, 0x40c0, 0xc0c0, 0x40e0, 0xc0e0, 0x4100, 0xc100};
        double out = 0;
        peak.bf16(rounds, ones, ones, &out);
    };
    return ceiling(run, peak.bf16_flop_per_round, seconds);
}

} // namespace kaisar::tests
