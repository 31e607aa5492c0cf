// The GPU's products of numbers on the host: a thread block's work on the index maps of the kernels, with mma emulated
// from the PTX ISA's text ("Matrix Fragments for mma.m16n8k16 with floating point type"). Whole numbers, so that every
// order of adding gives the same.
#include "kernels/emulated_warp.h"
#include "kernels/gemm_s8/contract.h"

#include <bit>
#include <catch2/catch.hpp>
#include <random>

using namespace kaisar;
namespace device = kernels::device;
using tests::fragments;
using tests::lanes;
using tests::Registers;

namespace {

std::uint16_t to_bf16(int value) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16);
}
float half_of(std::uint32_t word, unsigned i) { return std::bit_cast<float>((word >> 16 * i & 0xffff) << 16); }

// With g = lane / 4, t = lane % 4: number i of A is in row g for i = 0, 1, 4, 5 and g + 8 elsewhere, and in column
// 2t + i % 2, plus 8 from i = 4 on; number i of B in row 2t + i % 2, plus 8 from i = 2 on, and column g.
void multiply_add(float (*c)[8], const Registers& a, const Registers& b, unsigned first_of_b) {
    float rows[16][16], columns[8][16];
    for (unsigned lane = 0; lane < lanes; ++lane) {
        const unsigned g = lane / 4, t = lane % 4;
        for (unsigned i = 0; i < 8; ++i)
            rows[i % 4 < 2 ? g : g + 8][2 * t + i % 2 + (i >= 4 ? 8 : 0)] = half_of(a[lane][i / 2], i % 2);
        for (unsigned i = 0; i < 4; ++i)
            columns[g][2 * t + i % 2 + (i >= 2 ? 8 : 0)] = half_of(b[lane][first_of_b + i / 2], i % 2);
    }
    for (unsigned i = 0; i < 16; ++i)
        for (unsigned j = 0; j < 8; ++j)
            for (unsigned l = 0; l < 16; ++l) c[i][j] += rows[i][l] * columns[j][l];
}

struct Operands {
    std::vector<std::int8_t> a, b;
    std::vector<float> expected;
};

Operands draw(std::size_t m, std::size_t n, std::size_t k) {
    std::mt19937_64 random(61);
    Operands drawn{std::vector<std::int8_t>(m * k), std::vector<std::int8_t>(n * k), {}};
    for (auto* matrix : {&drawn.a, &drawn.b})
        for (auto& number : *matrix) number = static_cast<std::int8_t>(random());
    std::vector<std::int32_t> exact(m * n);
    kernels::gemm_s8_reference({m, n, k, drawn.a.data(), k, drawn.b.data(), k, exact.data(), n, nullptr});
    drawn.expected.assign(exact.begin(), exact.end());
    return drawn;
}

// C of one tile of 128 x n as the eight warps of cuda_mma_product.h compute it.
std::vector<float> multiply_tile(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b, unsigned n,
                                 std::size_t k) {
    std::vector<float> c(128 * n, -0.5f);
    const unsigned warp_columns = n / 4;
    for (unsigned warp = 0; warp < 8; ++warp)
        for (unsigned i = 0; i < 4; ++i)
            for (unsigned j = 0; j < warp_columns / 8; ++j) {
                float sum[16][8] = {};
                for (std::size_t from = 0; from < 2 * k; from += device::step_bytes) {
                    const auto of_a = tests::stage(a.data(), 128, 2 * k, from),
                               of_b = tests::stage(b.data(), n, 2 * k, from);
                    for (unsigned chunk = 0; chunk < device::chunks_per_row; chunk += 2)
                        multiply_add(sum, fragments(of_a, warp % 2 * 64 + 16 * i, chunk, device::a_source),
                                     fragments(of_b, warp / 2 * warp_columns + j / 2 * 16, chunk, device::b_source),
                                     j % 2 * 2);
                }
                for (unsigned lane = 0; lane < lanes; ++lane)
                    for (unsigned element = 0; element < 4; ++element) {
                        const auto place = device::c_place(lane, element);
                        c[(warp % 2 * 64 + 16 * i + place.row) * n + warp / 2 * warp_columns + 8 * j + place.column] =
                            sum[lane / 4 + (element < 2 ? 0 : 8)][lane % 4 * 2 + element % 2];
                    }
            }
    return c;
}

} // namespace

TEST_CASE("a GPU's thread block computes its tile of a product of bfloat16, at both widths") {
    constexpr std::size_t k = 64;
    for (unsigned n : {128u, 256u}) {
        const auto drawn = draw(128, n, k);
        std::vector<std::uint16_t> a, b;
        for (const auto number : drawn.a) a.push_back(to_bf16(number));
        for (const auto number : drawn.b) b.push_back(to_bf16(number));
        CHECK(multiply_tile(a, b, n, k) == drawn.expected);
    }
}

TEST_CASE("a GPU's thread block computes its tile of a product of single precision") {
    constexpr std::size_t k = 48, depth = device::step_bytes / 4, side = 128;
    const auto drawn = draw(side, side, k);
    std::vector<float> a(drawn.a.begin(), drawn.a.end()), b(drawn.b.begin(), drawn.b.end()), c(side * side, -0.5f);
    float shared[2][depth][side];
    std::vector<float> sum(side * side);
    for (std::size_t from = 0; from < k; from += depth) {
        for (unsigned operand = 0; operand < 2; ++operand)
            for (unsigned thread = 0; thread < device::product_threads; ++thread)
                for (unsigned round = 0; round < side * device::chunks_per_row / device::product_threads; ++round) {
                    const auto chunk = device::copied_chunk(thread, round);
                    for (unsigned i = 0; i < 4; ++i)
                        shared[operand][4 * chunk.column + i][chunk.row] =
                            (operand == 0 ? a : b)[chunk.row * k + from + 4 * chunk.column + i];
                }
        for (unsigned thread = 0; thread < device::product_threads; ++thread)
            for (unsigned i = 0; i < 8; ++i)
                for (unsigned j = 0; j < 8; ++j) {
                    const auto row = device::register_tile_element(thread / 16, i),
                               column = device::register_tile_element(thread % 16, j);
                    for (std::size_t l = 0; l < depth; ++l)
                        sum[row * side + column] += shared[0][l][row] * shared[1][l][column];
                    c[row * side + column] = sum[row * side + column];
                }
    }
    CHECK(c == drawn.expected);
}

TEST_CASE("in the ceiling of bfloat16 every row and column holds the sixteen numbers") {
    // a[place], a[place] of eight rows further on, then the pairs four further on; the same of b.
    Registers a{}, b{};
    std::uint32_t words[8];
    int expected = 0;
    for (unsigned i = 0; i < 8; ++i) {
        const int low = static_cast<int>(i) - 4, high = 3 - 2 * static_cast<int>(i);
        words[i] = to_bf16(low) | static_cast<std::uint32_t>(to_bf16(high)) << 16;
        expected += low * low + high * high;
    }
    for (unsigned lane = 0; lane < lanes; ++lane)
        a[lane] = {words[lane % 4], words[lane % 4], words[4 + lane % 4], words[4 + lane % 4]},
        b[lane] = {words[lane % 4], words[4 + lane % 4], 0, 0};
    float c[16][8] = {};
    multiply_add(c, a, b, 0);
    for (const auto& row : c)
        for (const auto one : row) CHECK(one == static_cast<float>(expected));
}
