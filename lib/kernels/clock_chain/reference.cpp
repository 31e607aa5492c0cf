#include "kernels/clock_chain/contract.h"

namespace kaisar::kernels {

std::uint64_t clock_chain_reference(std::uint64_t additions, std::uint64_t step) noexcept {
    constexpr std::uint64_t unrolled = 64; // the loop's own instructions run beside the chain
    std::uint64_t sum = 0;
    for (; additions != 0; additions -= unrolled) {
#pragma GCC unroll 64
        for (std::uint64_t i = 0; i < unrolled; ++i) {
            sum += step;
            __asm__ volatile("" : "+r"(sum), "+r"(step)); // or the compiler would multiply
        }
    }
    return sum;
}

} // namespace kaisar::kernels
