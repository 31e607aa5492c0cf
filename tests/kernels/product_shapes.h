/// Sizes of matrix products around the lanes and blocks of every variant.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace kaisar::tests {

struct Shape {
    std::size_t m, n, k;
    std::size_t lda_extra = 0, ldb_extra = 0, ldc_extra = 0;
};

/// All combinations of small sizes around the lanes, then sizes around the blocks that variants cut into.
inline std::vector<Shape> product_shapes(std::mt19937_64& random) {
    std::vector<Shape> all;
    const std::size_t mn[] = {0, 1, 2, 5, 7, 13, 14, 15, 16, 17, 31, 32, 33, 47, 48, 65};
    const std::size_t ks[] = {0, 1, 2, 3, 4, 5, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129};
    for (const auto m : mn)
        for (const auto n : mn)
            for (const auto k : ks) all.push_back({m, n, k, random() % 3, random() % 5, random() % 2});
    const std::size_t large_k[] = {383, 384, 385, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 4099};
    for (const auto k : large_k) {
        all.push_back({1 + random() % 33, 1 + random() % 65, k, random() % 65, random() % 65, random() % 9});
        all.push_back({17, 33, k, (4096 - k % 4096) % 4096}); // rows of A that fall into the same cache sets
    }
    for (const auto n : {255, 256, 257, 512, 515}) all.push_back({29, static_cast<std::size_t>(n), 70, 1, 0, 3});
    return all;
}

} // namespace kaisar::tests
