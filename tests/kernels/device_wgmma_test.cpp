// The product with wgmma on the host: bulk tensor copies, descriptors and fragments emulated from the PTX ISA's text.
#include "kernels/gemm_s8/contract.h"
#include "kernels/gemm_s8_cuda/device_wgmma.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <vector>

using namespace kaisar::kernels;
using namespace kaisar::kernels::device;

namespace {

using Shared = std::vector<std::int8_t>;

// "Tensor Swizzling Modes", 128 bytes: the 16-byte chunk number, bits 4 to 6 of the address, is xored with bits 7 to 9.
std::uint32_t swizzled(std::uint32_t address) { return address ^ (address >> 7 & 7) << 4; }

// A box of `rows` rows of 128 bytes from (row, byte) of a matrix; zeros beyond its edge.
void copy_box(Shared& shared, std::uint32_t to, const std::vector<std::int8_t>& matrix, std::size_t k, std::size_t row,
              std::size_t byte, unsigned rows) {
    for (unsigned r = 0; r < rows; ++r)
        for (unsigned b = 0; b < wgmma_row_bytes; ++b)
            shared[swizzled(to + r * wgmma_row_bytes + b)] = byte + b < k ? matrix[(row + r) * k + byte + b] : 0;
}

// "Matrix Descriptor Format": bits 0-13 the address, 32-45 the distance of groups of eight rows, both in units of 16
// bytes; 62-63 the swizzle, 1 for 128 bytes, whose rows of 128 bytes follow one another. Reads K-major.
std::int8_t read(const Shared& shared, std::uint64_t descriptor, unsigned row, unsigned byte) {
    REQUIRE(descriptor >> 62 == 1);
    REQUIRE((descriptor >> 49 & 7) == 0); // the pattern begins at a multiple of 1024
    const auto start = static_cast<std::uint32_t>(descriptor & 0x3fff) << 4;
    const auto group = static_cast<std::uint32_t>(descriptor >> 32 & 0x3fff) << 4;
    return shared[swizzled(start + row / 8 * group + row % 8 * 128 + byte)];
}

// "Register Fragments for wgmma.mma_async.m64nNk32": warp w of a group has rows 16w …; with g = lane / 4, t = lane % 4,
// result 4j + i lies in row g (i < 2) or g + 8 and column 8j + 2t + i % 2.
std::pair<unsigned, unsigned> fragment_place(unsigned thread, unsigned element) {
    const unsigned lane = thread % 32, j = element / 4, i = element % 4;
    return {thread / 32 * 16 + lane / 4 + (i < 2 ? 0 : 8), 8 * j + lane % 4 * 2 + i % 2};
}

} // namespace

TEST_CASE("two warpgroups compute a tile from what the copy engine swizzled, also past the end of k") {
    std::mt19937_64 random(7);
    constexpr std::uint32_t base = 2048; // of a stage
    for (const std::size_t k : {128u, 320u}) {
        std::vector<std::int8_t> a(wgmma_rows * k), b(wgmma_columns * k);
        for (auto* matrix : {&a, &b})
            std::generate(matrix->begin(), matrix->end(), [&] { return static_cast<std::int8_t>(random()); });
        std::fill_n(a.begin(), k, std::int8_t{-128}), std::fill_n(b.begin(), k, std::int8_t{-128});
        std::vector<std::int32_t> expected(wgmma_rows * wgmma_columns), found(expected.size(), 0x5a5a5a5a);
        gemm_s8_reference(
            {wgmma_rows, wgmma_columns, k, a.data(), k, b.data(), k, expected.data(), wgmma_columns, nullptr});
        std::vector<std::int32_t> sums(expected.size());
        for (std::size_t from = 0; from < k; from += wgmma_row_bytes) {
            Shared shared(base + wgmma_stage_bytes, 99);
            copy_box(shared, base, a, k, 0, from, wgmma_rows);
            copy_box(shared, base + wgmma_a_bytes, b, k, 0, from, wgmma_columns);
            for (unsigned group = 0; group < 2; ++group)
                for (unsigned at = 0; at < wgmma_row_bytes; at += wgmma_depth) {
                    const auto of_a = wgmma_descriptor(base + group * wgmma_group_rows * wgmma_row_bytes + at);
                    const auto of_b = wgmma_descriptor(base + wgmma_a_bytes + at);
                    std::vector<std::int8_t> column(wgmma_depth);
                    for (unsigned j = 0; j < wgmma_columns; ++j) {
                        for (unsigned l = 0; l < wgmma_depth; ++l) column[l] = read(shared, of_b, j, l);
                        for (unsigned i = 0; i < wgmma_group_rows;
                             i += 7) // every row of eight is met, over the columns
                            for (unsigned l = 0; l < wgmma_depth; ++l)
                                sums[(group * wgmma_group_rows + i) * wgmma_columns + j] +=
                                    read(shared, of_a, i, l) * column[l];
                    }
                }
        }
        for (unsigned group = 0; group < 2; ++group)
            for (unsigned i = 0; i < wgmma_group_rows; i += 7)
                for (unsigned j = 0; j < wgmma_columns; ++j) {
                    const auto at = (group * wgmma_group_rows + i) * wgmma_columns + j;
                    REQUIRE(sums[at] == expected[at]);
                }
    }
}

TEST_CASE("what is stored for a byte is where the swizzle keeps it") {
    for (unsigned row = 0; row < wgmma_columns; ++row)
        for (unsigned byte = 0; byte < wgmma_row_bytes; ++byte)
            REQUIRE(wgmma_stored_at(row, byte) == swizzled(row * wgmma_row_bytes + byte));
}

TEST_CASE("a warpgroup's threads write every result of their half once, where the fragments have it") {
    std::set<std::pair<unsigned, unsigned>> written;
    for (unsigned thread = 0; thread < 128; ++thread)
        for (unsigned j = 0; j < wgmma_columns / 8; ++j)
            for (unsigned i = 0; i < 4; ++i) {
                const auto place = wgmma_result(thread, j);
                const std::pair at{place.row + i / 2 * 8, place.column + i % 2};
                REQUIRE(at == fragment_place(thread, 4 * j + i));
                written.insert(at);
            }
    CHECK(written.size() == std::size_t{wgmma_group_rows} * wgmma_columns);
}

// Barriers played by counting phases: each side waits for the parity that the ring gives it.
TEST_CASE("the ring never overwrites what is not read and never waits for what does not come") {
    std::array<unsigned, wgmma_stages> full{}, empty{}; // phases completed
    std::uint64_t copied = 0, read_steps = 0;
    std::array<std::uint64_t, wgmma_stages> holds{};
    const auto has_turned = [](unsigned phases, unsigned parity) { return phases % 2 != parity; };
    std::mt19937 random(3);
    while (read_steps < 1000) {
        const auto [stage, parity] = ring_place(copied);
        const auto [wanted, wanted_parity] = ring_place(read_steps);
        const bool may_copy = has_turned(empty[stage], parity ^ 1);
        const bool may_read = has_turned(full[wanted], wanted_parity);
        REQUIRE((may_copy || may_read));
        if (may_copy && (random() % 2 == 0 || !may_read)) {
            REQUIRE(copied < read_steps + wgmma_stages);
            holds[stage] = copied++;
            ++full[stage];
        } else if (may_read) {
            REQUIRE(holds[wanted] == read_steps);
            ++read_steps;
            ++empty[wanted];
        }
    }
}

TEST_CASE("the ceilings' operands hold 32 bytes again and again, in the order in which wgmma reads a row") {
    Shared shared(wgmma_columns * wgmma_row_bytes);
    for (unsigned place = 0; place < shared.size() / 16; ++place)
        for (unsigned byte = 0; byte < 16; ++byte)
            shared[16 * place + byte] = static_cast<std::int8_t>(wgmma_chunk_at(place) % 2 * 16 + byte);
    for (unsigned row = 0; row < wgmma_columns; ++row)
        for (unsigned byte = 0; byte < wgmma_depth; ++byte)
            REQUIRE(read(shared, wgmma_descriptor(0), row, byte) == static_cast<std::int8_t>(byte));
}
