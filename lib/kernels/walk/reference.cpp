#include "kernels/walk/contract.h"

namespace kaisar::kernels {
namespace {

__extension__ using u128 = unsigned __int128;

constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15;
constexpr std::size_t block_bytes = 64;
constexpr std::size_t walkers_in_step = 32; // so that one waits for memory while the others compute

std::uint64_t word_at(const std::uint8_t* from) {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 8; ++i) word |= std::uint64_t{from[i]} << 8 * i;
    return word;
}

std::uint64_t read_block(std::uint64_t state, const std::uint8_t* block) {
    for (std::size_t i = 0; i < block_bytes; i += 8) {
        state = (state ^ word_at(block + i)) * multiplier;
        state ^= state >> 32;
    }
    return state;
}

} // namespace

void walk_reference(const WalkArguments& g) noexcept {
    if (g.steps == 0) return;
    const std::uint8_t* at[walkers_in_step];
    const auto aim = [&](std::size_t walker) {
        const auto block = static_cast<std::uint64_t>(u128{g.states[walker]} * g.blocks >> 64);
        at[walker % walkers_in_step] = g.memory + block_bytes * block;
        __builtin_prefetch(at[walker % walkers_in_step]);
    };
    const auto read = [&](std::size_t walker) {
        g.states[walker] = read_block(g.states[walker], at[walker % walkers_in_step]);
    };
    // Each walker asks for its next block as soon as it knows which, and makes room for the next walker at once: memory
    // is never idle while others compute.
    for (std::size_t walker = 0; walker < walkers_in_step && walker < g.count; ++walker) aim(walker);
    for (std::size_t first = 0; first < g.count; first += walkers_in_step) {
        const std::size_t end = first + walkers_in_step < g.count ? first + walkers_in_step : g.count;
        for (std::size_t step = 1; step < g.steps; ++step)
            for (std::size_t walker = first; walker < end; ++walker) read(walker), aim(walker);
        for (std::size_t walker = first; walker < end; ++walker) {
            read(walker);
            if (walker + walkers_in_step < g.count) aim(walker + walkers_in_step);
        }
    }
}

} // namespace kaisar::kernels
