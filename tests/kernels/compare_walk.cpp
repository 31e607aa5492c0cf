// The memory proof's random walk against a loop that does nothing but chase pointers: a random cycle through the same
// memory, thirty-two chains at once. One core, on huge pages and on small ones.
//
//     compare_walk [memory in MiB]
#include "interleaved.h"
#include "popw_work/huge_array.h"
#include "popw_work/memory.h"

#include <cstring>
#include <fmt/format.h>
#include <random>
#include <sys/mman.h>

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::tests;

namespace {

constexpr std::size_t chains = 32, walkers = 4096;

/// One cycle through all blocks in random order (Sattolo): the first word of each names the next.
void link(std::uint8_t* memory, std::uint64_t blocks) {
    std::vector<std::uint32_t> order(blocks);
    for (std::uint64_t i = 0; i < blocks; ++i) order[i] = static_cast<std::uint32_t>(i);
    std::mt19937_64 random(1);
    for (std::uint64_t i = blocks - 1; i > 0; --i) std::swap(order[i], order[random() % i]);
    for (std::uint64_t i = 0; i < blocks; ++i) {
        const std::uint64_t next = order[i];
        std::memcpy(memory + block_bytes * i, &next, sizeof next);
    }
}

/// Every chain follows `steps` pointers; nothing is fetched beforehand, the processor overlaps the chains by itself.
std::uint64_t chase(const std::uint8_t* memory, std::uint64_t (&at)[chains], std::size_t steps) {
    for (std::size_t step = 0; step < steps; ++step)
        for (auto& here : at) std::memcpy(&here, memory + block_bytes * here, sizeof here);
    return at[0];
}

void compare(const std::uint8_t* memory, std::uint64_t blocks, const char* pages) {
    const auto features = detect_cpu_features();
    auto primitives = choose_primitives(features);
    std::vector<std::uint64_t> ends(walkers);
    std::uint64_t at[chains];
    for (std::size_t i = 0; i < chains; ++i) at[i] = i * (blocks / chains);
    std::uint64_t first = 0;
    constexpr std::size_t accesses = walkers * steps_per_walker;
    std::vector<Contender> contenders{{"pointers", accesses, [&] { chase(memory, at, accesses / chains); }}};
    for (const auto& variant : kernels::walk_variants()) {
        if (!features.includes(variant.required)) continue;
        contenders.push_back({std::string(variant.name), accesses, [&, function = variant.function] {
                                  primitives.walk = function;
                                  walk(primitives, {}, memory, blocks, first, walkers, ends.data());
                                  first += walkers;
                              }});
    }
    fmt::print("{}, 10^6 accesses a second:", pages);
    for (const auto& timing : time_in_turns(contenders, 41, 4e-3))
        fmt::print("  {} {:.1f} ({:.3f})", timing.name, timing.rate / 1e6, timing.to_first);
    fmt::print("\n");
    std::fflush(stdout);
}

} // namespace

int main(int count, char** words) {
    const std::size_t size = (count > 1 ? std::strtoull(words[1], nullptr, 10) : 1024) << 20;
    const std::uint64_t blocks = size / block_bytes;
    {
        const HugeArray<std::uint8_t> memory(size);
        link(memory.data(), blocks);
        compare(memory.data(), blocks, "huge pages");
    }
    auto* const small = static_cast<std::uint8_t*>(std::aligned_alloc(huge_page_bytes, size));
    madvise(small, size, MADV_NOHUGEPAGE);
    link(small, blocks);
    compare(small, blocks, "small pages");
    std::free(small);
}
