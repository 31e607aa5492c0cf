// Every variant of walk against one walker at a time, written down from the contract; the walks of real proofs are held
// against golden data in tests/unit/popw_work.
#include "each_variant.h"
#include "guarded_memory.h"
#include "kernels/walk/variants.h"

#include <cstring>
#include <random>
#include <vector>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;

namespace {

__extension__ using u128 = unsigned __int128;

std::uint64_t walk_alone(const std::uint8_t* memory, std::uint64_t blocks, std::uint64_t state, std::size_t steps) {
    for (std::size_t step = 0; step < steps; ++step) {
        const auto* block = memory + 64 * static_cast<std::uint64_t>(u128{state} * blocks >> 64);
        for (std::size_t i = 0; i < 8; ++i) {
            std::uint64_t word;
            std::memcpy(&word, block + 8 * i, sizeof word);
            state = (state ^ word) * 0x9e3779b97f4a7c15;
            state ^= state >> 32;
        }
    }
    return state;
}

} // namespace

TEST_CASE("walkers end where a single one would, however many there are, and read no block beyond the last") {
    std::mt19937_64 random(37);
    GuardedMemory pages(1 << 16), states(1 << 12);
    for_each_variant<Walk>("walk", walk_variants(), [&](Walk variant) {
        for (std::uint64_t blocks : {1u, 2u, 7u, 1000u, 1024u})
            for (std::size_t count : {0u, 1u, 3u, 4u, 5u, 7u, 8u, 9u, 31u, 33u, 47u, 48u, 49u, 64u, 100u, 333u})
                for (std::size_t steps : {0u, 1u, 2u, 8u})
                    for (auto guard : {Guard::after, Guard::before}) {
                        auto* memory = pages.place<std::uint8_t>(64 * blocks, guard);
                        for (std::size_t i = 0; i < 64 * blocks; ++i) memory[i] = static_cast<std::uint8_t>(random());
                        auto* walkers = states.place<std::uint64_t>(count, guard);
                        std::vector<std::uint64_t> expected(count);
                        for (std::size_t i = 0; i < count; ++i) {
                            walkers[i] = i == 0 ? ~std::uint64_t{0} : random(); // the largest state: the last block
                            expected[i] = walk_alone(memory, blocks, walkers[i], steps);
                        }
                        variant({memory, blocks, walkers, count, steps});
                        INFO("blocks " << blocks << ", walkers " << count << ", steps " << steps);
                        REQUIRE(std::equal(expected.begin(), expected.end(), walkers));
                    }
    });
}
