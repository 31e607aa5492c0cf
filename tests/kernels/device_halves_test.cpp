// Exact int8 products by units of half precision, on the host: halves from bytes, a thread block's tile with mma
// emulated from the PTX ISA's text, and what single precision may add up before it is moved to int32.
#include "kernels/emulated_warp.h"
#include "kernels/gemm_s8/contract.h"
#include "kernels/gemm_s8_cuda/device_halves.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

using namespace kaisar;
namespace device = kernels::device;
using tests::fragments;
using tests::lanes;
using tests::Registers;

namespace {

// A half's bits, normal or zero: all that occur here.
float from_half(std::uint32_t bits) {
    const auto exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    const float size = std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
    return (bits & 0x8000) != 0 ? -size : size;
}

// What cuda_halves.h makes of bytes 0 and 1, or 2 and 3, of a word.
std::array<float, 2> halves_of(std::uint32_t word, unsigned pair) {
    const auto raised = device::raised_halves(word, pair);
    return {from_half(raised & 0xffff) - from_half(device::raised_by & 0xffff),
            from_half(raised >> 16) - from_half(device::raised_by >> 16)};
}

/// Adds as the least exact matrix unit that there is: all terms and the sum are aligned to the largest of them, and
/// what lies below its 24 bits is cut off, before they are added (Fasi et al., "Numerical behavior of NVIDIA tensor
/// cores", 2021, of Volta; its successors keep a bit or more below).
float add_aligned(float sum, const std::vector<float>& terms) {
    int top = -200;
    const auto look = [&](float x) {
        int exponent = 0;
        if (x != 0) std::frexp(x, &exponent), top = std::max(top, exponent);
    };
    look(sum);
    for (const auto term : terms) look(term);
    const double unit = std::ldexp(1.0, top - 24);
    double total = std::trunc(static_cast<double>(sum) / unit);
    for (const auto term : terms) total += std::trunc(static_cast<double>(term) / unit);
    const double exact = total * unit; // rounded to single precision by cutting off
    int exponent = 0;
    std::frexp(exact, &exponent);
    const double last = std::ldexp(1.0, exponent - 24);
    return static_cast<float>(exact == 0 ? 0 : std::trunc(exact / last) * last);
}

// The tile of 128 x 128 as the eight warps of mma_f16.cu compute it; products of 16 a time, along k in its own order.
std::vector<std::int32_t> multiply_tile(const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b,
                                        std::size_t k) {
    std::vector<std::int32_t> c(128 * 128, 0x5a5a5a5a);
    for (unsigned warp = 0; warp < 8; ++warp)
        for (unsigned i = 0; i < 4; ++i)
            for (unsigned j = 0; j < 4; ++j) {
                float sum[16][8] = {};
                for (std::size_t from = 0; from < k; from += device::step_bytes) {
                    const auto of_a = tests::stage(a.data(), 128, k, from), of_b = tests::stage(b.data(), 128, k, from);
                    for (unsigned chunk = 0; chunk < device::chunks_per_row; chunk += 2) {
                        const auto rows = fragments(of_a, warp % 2 * 64 + 16 * i, chunk, device::a_source);
                        const auto columns = fragments(of_b, warp / 2 * 32 + j / 2 * 16, chunk, device::b_source);
                        for (unsigned half = 0; half < 2; ++half)
                            for (unsigned row = 0; row < 16; ++row)
                                for (unsigned column = 0; column < 8; ++column)
                                    for (unsigned t = 0; t < 4; ++t)
                                        for (unsigned pair = 0; pair < 2; ++pair) {
                                            // "a0, a1: row g; a2, a3: row g + 8", of each pair of registers
                                            const auto x = halves_of(rows[row % 8 * 4 + t][2 * half + row / 8], pair);
                                            const auto y = halves_of(columns[column * 4 + t][j % 2 * 2 + half], pair);
                                            sum[row][column] += x[0] * y[0] + x[1] * y[1];
                                        }
                    }
                }
                for (unsigned lane = 0; lane < lanes; ++lane)
                    for (unsigned element = 0; element < 4; ++element) {
                        const auto place = device::c_place(lane, element);
                        c[(warp % 2 * 64 + 16 * i + place.row) * 128 + warp / 2 * 32 + 8 * j + place.column] =
                            static_cast<std::int32_t>(
                                sum[lane / 4 + (element < 2 ? 0 : 8)][lane % 4 * 2 + element % 2]);
                    }
            }
    return c;
}

// One sum as mma_f16.cu adds it: instructions of 16 products, settled modulo 2^32.
std::uint32_t dot_by_halves(const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b, float& largest) {
    std::uint32_t total = 0;
    float sum = 0;
    for (std::size_t l = 0; l < a.size(); l += 16) {
        std::vector<float> products(16);
        for (std::size_t i = 0; i < 16; ++i) products[i] = static_cast<float>(a[l + i]) * static_cast<float>(b[l + i]);
        sum = add_aligned(sum, products);
        largest = std::max(largest, std::abs(sum));
        if ((l + 16) % device::exact_products != 0) continue;
        total += static_cast<std::uint32_t>(static_cast<std::int32_t>(sum)), sum = 0;
    }
    return total + static_cast<std::uint32_t>(static_cast<std::int32_t>(sum));
}

} // namespace

TEST_CASE("every int8 is a half, at each place of a word") {
    for (int value = -128; value < 128; ++value)
        for (unsigned place = 0; place < 4; ++place) {
            const auto word = static_cast<std::uint32_t>(value & 0xff) << 8 * place;
            for (unsigned other = 0; other < 4; ++other)
                CHECK(halves_of(word, other / 2)[other % 2] == static_cast<float>(other == place ? value : 0));
        }
}

TEST_CASE("a GPU's thread block computes its tile of int8 by halves, with extremes") {
    std::mt19937_64 random(71);
    constexpr std::size_t k = 128;
    std::vector<std::int8_t> a(128 * k), b(128 * k);
    for (auto* matrix : {&a, &b})
        std::generate(matrix->begin(), matrix->end(), [&] { return static_cast<std::int8_t>(random()); });
    std::fill_n(a.begin(), 2 * k, std::int8_t{-128}), std::fill_n(b.begin(), k, std::int8_t{-128});
    std::vector<std::int32_t> expected(128 * 128);
    kernels::gemm_s8_reference({128, 128, k, a.data(), k, b.data(), k, expected.data(), 128, nullptr});
    CHECK(multiply_tile(a, b, k) == expected);
}

TEST_CASE("sums by halves are exact for all of int8 and up to 2^17 products, however a matrix unit aligns them") {
    STATIC_REQUIRE(device::exact_products * 128 * 128 <= 1u << 23);
    constexpr std::size_t k = std::size_t{1} << 17;
    std::mt19937_64 random(72);
    float largest = 0;
    for (int kind = 0; kind < 6; ++kind) {
        std::vector<std::int8_t> a(k), b(k);
        for (std::size_t l = 0; l < k; ++l) {
            const auto word = random();
            const auto extreme = static_cast<std::int8_t>(word % 2 != 0 ? -128 : 127);
            if (kind == 0) a[l] = b[l] = -128;      // the largest sum
            if (kind == 1) a[l] = -128, b[l] = 127; // the smallest one
            if (kind == 2) a[l] = extreme, b[l] = static_cast<std::int8_t>(word >> 8 & 1 ? -128 : 127);
            if (kind == 3) a[l] = -128, b[l] = l % 512 < 256 ? -128 : 127;                       // up, and down again
            if (kind == 4) a[l] = static_cast<std::int8_t>(l % 16 == 0 ? -128 : 1), b[l] = a[l]; // large and small
            if (kind == 5) a[l] = static_cast<std::int8_t>(word), b[l] = static_cast<std::int8_t>(word >> 8);
        }
        std::int64_t exact = 0;
        for (std::size_t l = 0; l < k; ++l) exact += a[l] * b[l];
        CHECK(dot_by_halves(a, b, largest) == static_cast<std::uint32_t>(exact));
    }
    CHECK(largest == 1 << 23); // the bound is reached, and not passed
}

TEST_CASE("without settling, such sums are not exact: the test above can fail") {
    float sum = 0;
    std::int64_t exact = 0;
    for (int instruction = 0; instruction < 128; ++instruction) {
        std::vector<float> products(16, 16384);
        products[0] = 1;
        sum = add_aligned(sum, products);
        exact += 15 * 16384 + 1;
    }
    CHECK(static_cast<std::int64_t>(sum) != exact);
}
