#include "devices/known_cases.h"

#include "error/error.h"
#include "kernels/gemm_s8/contract.h"

#include <bit>
#include <cmath>
#include <vector>

namespace kaisar {
namespace {

using kernels::DeviceArray;
using kernels::DeviceStream;
using kernels::Lane;

/// The upper half of a float's bits: exact for whole numbers up to 256.
std::uint16_t to_bf16(int value) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16);
}

/// Whole numbers between -8 and 8, another row for another seed.
std::vector<std::int8_t> small_integers(std::uint32_t seed, std::size_t count) {
    std::vector<std::int8_t> numbers(count);
    for (auto& number : numbers) {
        seed = seed * 1664525 + 1013904223; // Knuth, Lewis
        number = static_cast<std::int8_t>(static_cast<int>((seed >> 16) % 17) - 8);
    }
    return numbers;
}

/// A product of whole numbers whose sums stay below 2^24 is exact in single precision, in whatever order it is added.
/// Rows are further apart than they are long.
template <class Number, class Convert, class Multiply>
bool multiplies_rightly(DeviceStream& device, std::size_t m, std::size_t n, std::size_t k, Convert convert,
                        Multiply multiply) {
    constexpr std::size_t padding = 16 / sizeof(Number) * 3, c_padding = 4;
    const auto lda = k + padding, ldc = n + c_padding;
    const auto a = small_integers(1, m * lda), b = small_integers(2, n * lda);
    std::vector<Number> numbers_a, numbers_b;
    for (const auto number : a) numbers_a.push_back(convert(number));
    for (const auto number : b) numbers_b.push_back(convert(number));
    std::vector<std::int32_t> expected(m * ldc);
    kernels::gemm_s8_reference({m, n, k, a.data(), lda, b.data(), lda, expected.data(), ldc, nullptr});
    std::vector<float> found(m * ldc, -0.5f); // what is not written shows
    const DeviceArray on_a(device, a.size() * sizeof(Number)), on_b(device, b.size() * sizeof(Number)),
        on_c(device, found.size() * sizeof(float));
    device.upload(on_a, numbers_a.data(), numbers_a.size() * sizeof(Number));
    device.upload(on_b, numbers_b.data(), numbers_b.size() * sizeof(Number));
    device.upload(on_c, found.data(), found.size() * sizeof(float));
    multiply(kernels::DeviceGemm{m, n, k, on_a, lda, on_b, lda, on_c, ldc});
    device.download(found.data(), on_c, found.size() * sizeof(float));
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < ldc; ++j)
            if (found[i * ldc + j] != (j < n ? static_cast<float>(expected[i * ldc + j]) : -0.5f)) return false;
    return true;
}

} // namespace

void throw_wrong_answer(const DeviceStream& device, std::string_view kernel) {
    throw Error(ErrorKind::mismatch,
                "cuda:" + std::to_string(device.facts().index) + " (" + device.facts().name +
                    ") gives a wrong answer to a known case of " + std::string(kernel),
                "it is not measured; the device's memory or its driver may be faulty");
}

void require_right_gemm_f32(DeviceStream& device) {
    const auto multiply = [&](const auto& g) { device.gemm_f32(Lane::product, g); };
    const auto convert = [](std::int8_t number) { return static_cast<float>(number); };
    if (!multiplies_rightly<float>(device, 128, 256, 208, convert, multiply) ||
        !multiplies_rightly<float>(device, 256, 128, 16, convert, multiply))
        throw_wrong_answer(device, "gemm_f32");
}

void require_right_gemm_bf16(DeviceStream& device, std::size_t variant) {
    const auto multiply = [&](const auto& g) { device.gemm_bf16(Lane::product, variant, g); };
    // The narrow tile, then the wide one, with more steps than there are stages.
    if (!multiplies_rightly<std::uint16_t>(device, 128, 384, 224, to_bf16, multiply) ||
        !multiplies_rightly<std::uint16_t>(device, 256, 512, 32, to_bf16, multiply) ||
        !multiplies_rightly<std::uint16_t>(device, 128, 256, 608, to_bf16, multiply))
        throw_wrong_answer(device, "gemm_bf16");
}

std::uint64_t end_of_chain(kernels::DeviceNumber number, std::size_t rounds, double factor, double term) {
    const auto narrow_factor = static_cast<float>(factor), narrow_term = static_cast<float>(term);
    float narrow = 0;
    double wide = 0;
    for (; rounds != 0; --rounds) {
        narrow = std::fma(narrow_factor, narrow, narrow_term);
        wide = std::fma(factor, wide, term);
    }
    return number == kernels::DeviceNumber::f32 ? std::bit_cast<std::uint32_t>(narrow)
                                                : std::bit_cast<std::uint64_t>(wide);
}

void require_right_peak_fma(DeviceStream& device, kernels::DeviceNumber number) {
    constexpr std::size_t rounds = 5; // far from the limit, so that the count of rounds shows
    constexpr double factor = 0.75, term = 0.1;
    const DeviceArray sum(device, 64);
    const std::uint64_t begin = 3;
    device.upload(sum, &begin, sizeof begin);
    const auto operations = device.peak_fma(Lane::product, number, rounds, factor, term, sum);
    std::uint64_t found = 0;
    device.download(&found, sum, sizeof found);
    if (found !=
        begin + static_cast<std::uint64_t>(operations / (2.0 * rounds)) * end_of_chain(number, rounds, factor, term))
        throw_wrong_answer(device, number == kernels::DeviceNumber::f32 ? "peak_f32" : "peak_f64");
}

const SmallNumbers& small_numbers() {
    static const auto made = [] {
        const auto a = small_integers(3, 16), b = small_integers(4, 16);
        SmallNumbers numbers{};
        for (std::size_t i = 0; i < a.size(); ++i) {
            numbers.a[i] = to_bf16(a[i]), numbers.b[i] = to_bf16(b[i]);
            numbers.product += a[i] * b[i];
        }
        return numbers;
    }();
    return made;
}

void require_right_peak_bf16(DeviceStream& device, std::size_t variant) {
    const auto& numbers = small_numbers();
    const DeviceArray sum(device, 64);
    const std::uint64_t begin = 3;
    device.upload(sum, &begin, sizeof begin);
    const auto operations = device.peak_bf16(Lane::product, variant, 5, numbers.a.data(), numbers.b.data(), sum);
    std::uint64_t found = 0;
    device.download(&found, sum, sizeof found);
    if (found != begin + static_cast<std::uint64_t>(operations / 32) * static_cast<std::uint64_t>(numbers.product))
        throw_wrong_answer(device, "peak_bf16");
}

} // namespace kaisar
