// Every variant of page_fill against the plain one; the plain one is held against golden pages in tests/unit/popw_work.
#include "each_variant.h"
#include "guarded_memory.h"
#include "kernels/page_fill/variants.h"

#include <random>
#include <vector>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;

TEST_CASE("pages are the same under every variant, whatever their number, size, passes and place in memory") {
    std::mt19937_64 random(31);
    GuardedMemory starts(1 << 12), out(1 << 20);
    for_each_variant<PageFill>("page_fill", page_fill_variants(), [&](PageFill variant) {
        for (std::size_t count : {0u, 1u, 2u, 3u, 4u, 5u, 8u, 11u})
            for (std::size_t blocks : {1u, 2u, 3u, 32u, 100u, 1024u})
                for (std::size_t passes : {1u, 2u, 8u})
                    for (auto guard : {Guard::after, Guard::before}) {
                        auto* start = starts.place<std::uint8_t>(64 * count, guard);
                        for (std::size_t i = 0; i < 64 * count; ++i) start[i] = static_cast<std::uint8_t>(random());
                        std::vector<std::uint8_t> expected(64 * blocks * count);
                        page_fill_reference({start, blocks, passes, expected.data(), count});
                        auto* pages = out.place<std::uint8_t>(expected.size(), guard);
                        for (std::size_t i = 0; i < expected.size(); ++i) pages[i] = 0xcc;
                        variant({start, blocks, passes, pages, count});
                        INFO("count " << count << ", blocks " << blocks << ", passes " << passes);
                        REQUIRE(std::equal(expected.begin(), expected.end(), pages));
                    }
    });
}
