// Every variant of every kernel against the plain one: sizes around each variant's lanes and blocks, extremes, offsets,
// and memory that ends at a forbidden page.
#include "each_variant.h"
#include "guarded_memory.h"
#include "kernels/chacha8/variants.h"
#include "kernels/gemm_s8/variants.h"
#include "kernels/memory/variants.h"
#include "kernels/sha256/variants.h"
#include "product_shapes.h"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;

namespace {

constexpr std::size_t megabyte = 1 << 20;

enum class Fill { random, lowest, highest, opposite };

struct Int8Product {
    GuardedMemory a{2 * megabyte}, b{2 * megabyte}, c{megabyte}, workspace{4 * megabyte};
    std::vector<std::int32_t> expected;

    /// Elements that rows skip hold what would be noticed if it were read or written.
    void check_shape(const GemmS8& variant, const Shape& s, Guard guard, Fill fill, std::mt19937_64& random) {
        const std::size_t lda = s.k + s.lda_extra, ldb = s.k + s.ldb_extra, ldc = s.n + s.ldc_extra;
        const auto size_of = [](std::size_t rows, std::size_t stride, std::size_t row) {
            return rows == 0 ? 0 : (rows - 1) * stride + row;
        };
        const std::size_t size_a = size_of(s.m, lda, s.k), size_b = size_of(s.n, ldb, s.k),
                          size_c = size_of(s.m, ldc, s.n);
        auto* const a8 = a.place<std::int8_t>(size_a, guard);
        auto* const b8 = b.place<std::int8_t>(size_b, guard);
        auto* const c32 = c.place<std::int32_t>(size_c, guard);
        const auto value = [&](bool second) {
            if (fill == Fill::random) return static_cast<std::int8_t>(random() >> 20);
            if (fill == Fill::opposite) return static_cast<std::int8_t>(second ? 127 : -128);
            return static_cast<std::int8_t>(fill == Fill::lowest ? -128 : 127);
        };
        for (std::size_t i = 0; i < size_a; ++i) a8[i] = value(false);
        for (std::size_t i = 0; i < size_b; ++i) b8[i] = value(true);
        constexpr std::int32_t poison = 0x5a5a5a5a;
        expected.assign(size_c, poison);
        GemmS8Arguments arguments{s.m, s.n, s.k, a8, lda, b8, ldb, expected.data(), ldc, nullptr};
        gemm_s8_reference(arguments);
        std::fill_n(c32, size_c, poison);
        const std::size_t workspace_bytes = (variant.workspace_bytes(s.m, s.n, s.k) + 63) / 64 * 64;
        arguments.workspace = workspace.place<std::uint8_t>(workspace_bytes, Guard::after);
        arguments.c = c32;
        variant.multiply(arguments);
        const bool same = std::equal(expected.begin(), expected.end(), c32);
        if (!same)
            FAIL_CHECK("wrong for m=" << s.m << " n=" << s.n << " k=" << s.k << " lda=" << lda << " ldb=" << ldb);
    }
};

} // namespace

TEST_CASE("Every variant of the int8 product equals the plain one, bit for bit") {
    for_each_variant("gemm_s8", gemm_s8_variants(), [](const GemmS8& variant) {
        std::mt19937_64 random(1);
        Int8Product product;
        for (const auto& shape : product_shapes(random))
            product.check_shape(variant, shape, random() % 2 == 0 ? Guard::after : Guard::before, Fill::random, random);
    });
}

TEST_CASE("Every variant of the int8 product is exact for nothing but extremes") {
    for_each_variant("gemm_s8", gemm_s8_variants(), [](const GemmS8& variant) {
        std::mt19937_64 random(2);
        Int8Product product;
        const std::size_t lengths[] = {1, 2, 3, 4, 7, 64, 129, 1024, 4099, 65536};
        for (const auto fill : {Fill::lowest, Fill::highest, Fill::opposite})
            for (const auto k : lengths) product.check_shape(variant, {15, 17, k}, Guard::after, fill, random);
        // 2^16 products of -128 by -128 are 2^30, the largest sum that the proof's longest rows can make.
        std::vector<std::int8_t> lowest(65536, -128);
        std::vector<std::uint8_t> space(variant.workspace_bytes(1, 1, 65536) + 64);
        auto* const aligned = space.data() + (64 - reinterpret_cast<std::uintptr_t>(space.data()) % 64) % 64;
        std::int32_t sum = 0;
        variant.multiply({1, 1, 65536, lowest.data(), 65536, lowest.data(), 65536, &sum, 1, aligned});
        CHECK(sum == 1 << 30);
    });
}

TEST_CASE("Every variant of ChaCha8 equals the plain one at every count, offset and counter carry") {
    for_each_variant("chacha8", chacha8_variants(), [](Chacha8Blocks variant) {
        std::mt19937_64 random(4);
        const GuardedMemory memory(64 * 600), key_memory(64);
        for (std::size_t round = 0; round < 400; ++round) {
            const std::size_t count = round < 70 ? round : random() % 513, offset = random() % 64;
            const auto guard = round % 2 == 0 ? Guard::after : Guard::before;
            auto* const key = key_memory.place<std::uint8_t>(32, guard);
            for (int i = 0; i < 32; ++i) key[i] = static_cast<std::uint8_t>(random());
            const std::uint64_t edges[] = {0, 0xfffffff8, 0xfffffffffffffff8, random()};
            const std::uint64_t nonce = random(), counter = edges[round % 4];
            std::vector<std::uint8_t> expected(64 * count + offset, 0x5a);
            chacha8_reference(key, nonce, counter, expected.data() + offset, count);
            auto* const out = memory.place<std::uint8_t>(64 * count + offset, guard);
            std::memset(out, 0x5a, 64 * count + offset);
            variant(key, nonce, counter, out + offset, count);
            REQUIRE(std::equal(expected.begin(), expected.end(), out));
        }
    });
}

TEST_CASE("Every variant of SHA-256 equals the plain one at every count and offset") {
    for_each_variant("sha256", sha256_variants(), [](Sha256Compress variant) {
        std::mt19937_64 random(5);
        const GuardedMemory memory(64 * 64 + 64), state_memory(64);
        for (std::size_t round = 0; round < 200; ++round) {
            const std::size_t count = round % 63, offset = random() % 64;
            const auto guard = round % 2 == 0 ? Guard::after : Guard::before;
            auto* const blocks = memory.place<std::uint8_t>(64 * count + offset, guard) + offset;
            for (std::size_t i = 0; i < 64 * count; ++i) blocks[i] = static_cast<std::uint8_t>(random());
            auto* const state = state_memory.place<std::uint32_t>(8, guard);
            std::uint32_t expected[8];
            for (int i = 0; i < 8; ++i) state[i] = expected[i] = static_cast<std::uint32_t>(random());
            sha256_reference(expected, blocks, count);
            variant(state, blocks, count);
            REQUIRE(std::equal(state, state + 8, expected));
        }
    });
}

TEST_CASE("Every variant of the memory kernels moves exactly the elements it was given") {
    for_each_variant("memory", memory_variants(), [](const Memory& variant) {
        std::mt19937_64 random(6);
        std::uniform_real_distribution<double> value(1, 2);
        const GuardedMemory memory_a(80000), memory_b(80000), memory_c(80000);
        for (std::size_t round = 0; round < 300; ++round) {
            const std::size_t n = round < 100 ? round : random() % 9000;
            const auto guard = round % 2 == 0 ? Guard::after : Guard::before;
            auto* const a = memory_a.place<double>(n, guard);
            auto* const b = memory_b.place<double>(n, guard);
            auto* const c = memory_c.place<double>(n, guard);
            for (std::size_t i = 0; i < n; ++i) a[i] = value(random), b[i] = value(random), c[i] = -1;
            REQUIRE(variant.read(a, n) == memory_read_reference(a, n));
            variant.copy(c, a, n);
            REQUIRE(std::equal(a, a + n, c));
            const double written = value(random);
            variant.write(c, written, n);
            REQUIRE(std::count(c, c + n, written) == static_cast<std::ptrdiff_t>(n));
            variant.triad(c, a, b, written, n);
            for (std::size_t i = 0; i < n; ++i) REQUIRE(std::abs(c[i] - (a[i] + written * b[i])) <= 2 * 0x1p-52 * c[i]);
        }
    });
}
