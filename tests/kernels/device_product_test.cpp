// The index maps of the GPU's matrix product on the host: a thread block's work is played with ldmatrix and mma
// emulated from the PTX ISA's text ("Warp-level matrix load instruction: ldmatrix", "Matrix Fragments for
// mma.m16n8k32").
#include "kernels/emulated_warp.h"
#include "kernels/gemm_s8/contract.h"
#include "kernels/sha256_many/device_math.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <set>
#include <vector>

using namespace kaisar;
using namespace kaisar::kernels;
using tests::fragments;
using tests::lanes;
using tests::Registers;
using tests::stage;

namespace {

std::int8_t byte_of(std::uint32_t word, unsigned i) { return static_cast<std::int8_t>(word >> 8 * i); }

// With g = lane / 4, t = lane % 4: byte i of A is in row g or, for i = 4 … 7 and 12 …, g + 8, and column 4t + i % 4,
// plus 16 from i = 8 on; byte i of B in row 4t + i % 4, plus 16 from i = 4 on, and column g.
void multiply_add(std::int32_t (*c)[8], const Registers& a, const Registers& b, unsigned first_of_b) {
    std::int8_t rows[16][32], columns[8][32];
    for (unsigned lane = 0; lane < lanes; ++lane) {
        const unsigned g = lane / 4, t = lane % 4;
        for (unsigned i = 0; i < 16; ++i)
            rows[i / 4 % 2 == 0 ? g : g + 8][4 * t + i % 4 + (i >= 8 ? 16 : 0)] = byte_of(a[lane][i / 4], i % 4);
        for (unsigned i = 0; i < 8; ++i)
            columns[g][4 * t + i % 4 + (i >= 4 ? 16 : 0)] = byte_of(b[lane][first_of_b + i / 4], i % 4);
    }
    for (unsigned i = 0; i < 16; ++i)
        for (unsigned j = 0; j < 8; ++j)
            for (unsigned l = 0; l < 32; ++l) c[i][j] += rows[i][l] * columns[j][l];
}

struct Fragment {
    std::int32_t c[16][8];
};

// C of one tile of 128 x n as the eight warps of mma.cu compute it.
std::vector<std::int32_t> multiply_tile(const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b,
                                        unsigned n, std::size_t k) {
    std::vector<std::int32_t> c(128 * n, 0x5a5a5a5a);
    const unsigned warp_columns = n / 4;
    std::vector<Fragment> sums(8 * 4 * (warp_columns / 8), Fragment{});
    const auto at = [&](unsigned warp, unsigned i, unsigned j) -> Fragment& {
        return sums[(warp * 4 + i) * (warp_columns / 8) + j];
    };
    for (std::size_t step = 0; step < k; step += device::step_bytes) {
        const auto from_a = stage(a.data(), 128, k, step), from_b = stage(b.data(), n, k, step);
        for (unsigned warp = 0; warp < 8; ++warp)
            for (unsigned chunk = 0; chunk < device::chunks_per_row; chunk += 2)
                for (unsigned i = 0; i < 4; ++i)
                    for (unsigned j = 0; j < warp_columns / 8; ++j)
                        multiply_add(at(warp, i, j).c,
                                     fragments(from_a, warp % 2 * 64 + 16 * i, chunk, device::a_source),
                                     fragments(from_b, warp / 2 * warp_columns + j / 2 * 16, chunk, device::b_source),
                                     j % 2 * 2);
    }
    for (unsigned warp = 0; warp < 8; ++warp)
        for (unsigned i = 0; i < 4; ++i)
            for (unsigned j = 0; j < warp_columns / 8; ++j)
                for (unsigned lane = 0; lane < lanes; ++lane)
                    for (unsigned element = 0; element < 4; ++element) {
                        const auto place = device::c_place(lane, element);
                        // "row = g for c0, c1 and g + 8 for c2, c3; column = 2t + i % 2"
                        const auto& own =
                            at(warp, i, j).c[lane / 4 + (element < 2 ? 0 : 8)][lane % 4 * 2 + element % 2];
                        c[(warp % 2 * 64 + 16 * i + place.row) * n + warp / 2 * warp_columns + 8 * j + place.column] =
                            own;
                    }
    return c;
}

// C of one tile of 128 x 128 as the eight warps of turing.cu compute it: "Matrix Fragments for mma.m8n8k16": lane
// l has bytes 4(l % 4) … of row l / 4 of A, of column l / 4 of B, and of C row l / 4, columns 2(l % 4) and the next.
std::vector<std::int32_t> multiply_tile_on_turing(const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b,
                                                  std::size_t k) {
    std::vector<std::int32_t> c(128 * 128);
    for (std::size_t step = 0; step < k; step += device::step_bytes) {
        const auto from_a = stage(a.data(), 128, k, step), from_b = stage(b.data(), 128, k, step);
        for (unsigned warp = 0; warp < 8; ++warp)
            for (unsigned chunk = 0; chunk < device::chunks_per_row; ++chunk)
                for (unsigned i = 0; i < 8; ++i)
                    for (unsigned j = 0; j < 4; ++j) {
                        const auto rows = fragments(from_a, warp % 2 * 64 + i / 4 * 32, chunk, device::turing_source);
                        const auto columns = fragments(from_b, warp / 2 * 32, chunk, device::turing_source);
                        for (unsigned lane = 0; lane < lanes; ++lane)
                            for (unsigned element = 0; element < 2; ++element) {
                                std::int32_t sum = 0;
                                for (unsigned l = 0; l < 16; ++l)
                                    sum += byte_of(rows[lane / 4 * 4 + l / 4][i % 4], l % 4) *
                                           byte_of(columns[(lane % 4 * 2 + element) * 4 + l / 4][j], l % 4);
                                const auto place = device::c_place(lane, element);
                                c[(warp % 2 * 64 + 8 * i + place.row) * 128 + warp / 2 * 32 + 8 * j + place.column] +=
                                    sum;
                            }
                    }
    }
    return c;
}

} // namespace

TEST_CASE("a thread block computes its tile with Turing's instruction too") {
    std::mt19937_64 random(53);
    constexpr std::size_t k = 128;
    std::vector<std::int8_t> a(128 * k), b(128 * k);
    for (auto* matrix : {&a, &b})
        std::generate(matrix->begin(), matrix->end(), [&] { return static_cast<std::int8_t>(random()); });
    std::fill_n(a.begin(), k, std::int8_t{-128}), std::fill_n(b.begin(), k, std::int8_t{-128});
    std::vector<std::int32_t> expected(128 * 128);
    gemm_s8_reference({128, 128, k, a.data(), k, b.data(), k, expected.data(), 128, nullptr});
    CHECK(multiply_tile_on_turing(a, b, k) == expected);
}

TEST_CASE("a GPU's thread block computes its tile of the product, at both widths and with extremes") {
    std::mt19937_64 random(51);
    for (unsigned n : {128u, 256u})
        for (bool extreme : {false, true}) {
            constexpr std::size_t k = 128;
            std::vector<std::int8_t> a(128 * k), b(n * k);
            const auto draw = [&] {
                const auto word = random();
                return extreme ? static_cast<std::int8_t>(word % 2 != 0 ? -128 : 127) : static_cast<std::int8_t>(word);
            };
            std::generate(a.begin(), a.end(), draw), std::generate(b.begin(), b.end(), draw);
            std::vector<std::int32_t> expected(128 * n);
            gemm_s8_reference({128, n, k, a.data(), k, b.data(), k, expected.data(), n, nullptr});
            CHECK(multiply_tile(a, b, n, k) == expected);
        }
}

TEST_CASE("the eight rows that ldmatrix reads together lie in different banks") {
    for (unsigned first = 0; first < 128; first += 8)
        for (unsigned chunk = 0; chunk < device::chunks_per_row; ++chunk) {
            std::set<unsigned> banks;
            for (unsigned row = first; row < first + 8; ++row) banks.insert(device::stored_at({row, chunk}) % 128);
            CHECK(banks.size() == 8);
        }
}

TEST_CASE("every tile of a product is some thread block's, and only one's") {
    for (const auto& [rows, columns] : {std::pair{1u, 1u}, {8u, 4u}, {13u, 7u}, {128u, 64u}}) {
        std::set<std::pair<unsigned, unsigned>> seen;
        for (unsigned block = 0; block < rows * columns; ++block) {
            const auto tile = device::tile_of_block(block, rows, columns);
            REQUIRE((tile.row < rows && tile.column < columns));
            seen.emplace(tile.row, tile.column);
        }
        CHECK(seen.size() == std::size_t{rows} * columns);
    }
}

TEST_CASE("the sixteen threads of a dp4a row share its 128 elements, and both groups of four lie together") {
    std::set<unsigned> seen;
    for (unsigned thread = 0; thread < 16; ++thread)
        for (unsigned i = 0; i < 8; ++i) {
            seen.insert(device::register_tile_element(thread, i));
            CHECK(device::register_tile_element(thread, i) == device::register_tile_element(thread, i / 4 * 4) + i % 4);
        }
    CHECK((seen.size() == 128 && *seen.rbegin() == 127));
}

TEST_CASE("tiles are hashed in the order of a proof's leaves") {
    constexpr std::size_t columns = 384, ldc = 400;
    std::vector<std::size_t> expected; // superblocks row by row, tiles row by row within each
    for (std::size_t top = 0; top < 256; top += 128)
        for (std::size_t left = 0; left < columns; left += 128)
            for (std::size_t row = 0; row < 128; row += 16)
                for (std::size_t column = 0; column < 128; column += 16)
                    expected.push_back((top + row) * ldc + left + column);
    for (std::size_t leaf = 0; leaf < expected.size(); ++leaf)
        REQUIRE(device::tile_offset(leaf, columns, ldc) == expected[leaf]);
}
