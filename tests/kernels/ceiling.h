/// The register-only ceiling of an instruction set as a contender that takes about so long.
#pragma once

#include "interleaved.h"
#include "kernels/peak/variants.h"

namespace kaisar::tests {

inline constexpr std::int8_t sixteen[16] = {1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, -12, 13, -14, 15, -16};

inline Contender int8_ceiling(const kernels::Peak& peak, double seconds) {
    const auto contender = [&peak](std::size_t rounds) -> Contender {
        return {"ceiling", static_cast<double>(rounds * peak.s8_op_per_round), [&peak, rounds] {
                    std::uint32_t sum = 0;
                    peak.s8(rounds, sixteen, sixteen, &sum);
                }};
    };
    constexpr std::size_t trial = 1 << 14;
    timed_rate(contender(trial), 1);
    const double rate = timed_rate(contender(trial), 1) / static_cast<double>(peak.s8_op_per_round);
    return contender(static_cast<std::size_t>(seconds * rate) + 1);
}

} // namespace kaisar::tests
