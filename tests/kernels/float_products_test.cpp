// Every variant of the floating-point products against sums that are exact enough to check the bound of its contract,
// with memory that ends at a forbidden page.
#include "each_variant.h"
#include "guarded_memory.h"
#include "kernels/gemm_bf16/variants.h"
#include "kernels/gemm_f32/variants.h"
#include "kernels/gemm_f64/variants.h"
#include "product_shapes.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;

namespace {

constexpr std::size_t megabyte = 1 << 20;

/// What a kernel's contract promises, and a type in which a test can hold it to that.
struct Single {
    using Input = float;
    using Output = float;
    using Exact = double;
    static Input random(std::mt19937_64& random) { return std::uniform_real_distribution<float>(-1, 1)(random); }
    static Exact value(Input input) { return input; }
    static constexpr Exact error_per_term = 0x1p-23, flushed_per_term = 0;
};

struct Double {
    using Input = double;
    using Output = double;
    // Wider where the processor has it. Else the check is as exact as the product, and the bound has room for both
    // errors.
    using Exact = std::conditional_t<std::numeric_limits<long double>::digits == 64, long double, double>;
    static Input random(std::mt19937_64& random) { return std::uniform_real_distribution<double>(-1, 1)(random); }
    static Exact value(Input input) { return input; }
    static constexpr Exact error_per_term = 0x1p-52, flushed_per_term = 0;
};

struct Bfloat16 {
    using Input = std::uint16_t;
    using Output = float;
    using Exact = double;
    /// Between 1/2 and 2 or the negative.
    static Input random(std::mt19937_64& random) { return static_cast<Input>((random() & 0x80ff) + 0x3f00); }
    static Exact value(Input input) {
        const std::uint32_t bits = std::uint32_t{input} << 16;
        float number = 0;
        std::memcpy(&number, &bits, sizeof number);
        return double{number};
    }
    static constexpr Exact error_per_term = 0x1p-23, flushed_per_term = 0x1p-125;
};

/// Numbers whose products lie around the smallest that processors do not take for zero.
struct TinyBfloat16 : Bfloat16 {
    static Input random(std::mt19937_64& random) {
        const auto exponent = static_cast<unsigned>(random() % 16) + 127 - 70;
        return static_cast<Input>((random() & 0x807f) | exponent << 7);
    }
};

/// One shape's operands, and what every variant has to make of them: summed once, since that takes most of the time.
template <class Kind>
struct Product {
    using Input = typename Kind::Input;
    using Output = typename Kind::Output;
    using Exact = typename Kind::Exact;
    static constexpr Output poison = 12345;

    GuardedMemory a{8 * megabyte}, b{8 * megabyte}, c{megabyte}, workspace{8 * megabyte};
    Shape shape{};
    Input *left = nullptr, *right = nullptr;
    Output* out = nullptr;
    std::size_t lda = 0, ldb = 0, ldc = 0, size_c = 0;
    std::vector<Exact> rows_of_a, columns_of_b, sums, bounds;

    void prepare(const Shape& s, Guard guard, std::mt19937_64& random) {
        const auto size_of = [](std::size_t rows, std::size_t stride, std::size_t row) {
            return rows == 0 ? 0 : (rows - 1) * stride + row;
        };
        shape = s, lda = s.k + s.lda_extra, ldb = s.n + s.ldb_extra, ldc = s.n + s.ldc_extra;
        const std::size_t size_a = size_of(s.m, lda, s.k), size_b = size_of(s.k, ldb, s.n);
        size_c = size_of(s.m, ldc, s.n);
        left = a.template place<Input>(size_a, guard), right = b.template place<Input>(size_b, guard);
        out = c.template place<Output>(size_c, guard);
        for (std::size_t i = 0; i < size_a; ++i) left[i] = Kind::random(random);
        for (std::size_t i = 0; i < size_b; ++i) right[i] = Kind::random(random);
        add_up();
    }

    void add_up() {
        const auto& s = shape;
        rows_of_a.resize(s.m * s.k), columns_of_b.resize(s.n * s.k);
        for (std::size_t i = 0; i < s.m; ++i)
            for (std::size_t l = 0; l < s.k; ++l) rows_of_a[i * s.k + l] = Kind::value(left[i * lda + l]);
        for (std::size_t j = 0; j < s.n; ++j)
            for (std::size_t l = 0; l < s.k; ++l) columns_of_b[j * s.k + l] = Kind::value(right[l * ldb + j]);
        sums.clear(), bounds.clear();
        for (std::size_t i = 0; i < s.m; ++i) {
            for (std::size_t j = 0; j < s.n; ++j) {
                Exact exact = 0, magnitude = 0;
                for (std::size_t l = 0; l < s.k; ++l) {
                    const Exact product = rows_of_a[i * s.k + l] * columns_of_b[j * s.k + l];
                    exact += product, magnitude += std::abs(product);
                }
                sums.push_back(exact);
                bounds.push_back(static_cast<Exact>(s.k) * (Kind::error_per_term * magnitude + Kind::flushed_per_term));
            }
        }
    }

    template <class Kernel>
    void check(std::string_view name, const Kernel& variant) {
        const auto& s = shape;
        std::fill_n(out, size_c, poison);
        auto* const space = workspace.template place<std::uint8_t>(
            (variant.workspace_bytes(s.m, s.n, s.k) + 63) / 64 * 64, Guard::after);
        variant.multiply({s.m, s.n, s.k, left, lda, right, ldb, out, ldc, space});
        std::size_t wrong = 0;
        for (std::size_t index = 0; index < size_c; ++index) {
            const std::size_t i = index / ldc, j = index % ldc;
            wrong +=
                j < s.n ? !(std::abs(out[index] - sums[i * s.n + j]) <= bounds[i * s.n + j]) : out[index] != poison;
        }
        if (wrong != 0)
            FAIL_CHECK(name << ": " << wrong << " elements wrong for m=" << s.m << " n=" << s.n << " k=" << s.k
                            << " lda=" << lda);
    }
};

/// Every variant that runs here multiplies each of the shapes.
template <class Kind, class Table>
void check_shapes(std::string_view name, Table table, const std::vector<Shape>& shapes, std::mt19937_64& random) {
    std::vector<typename Table::value_type> here;
    for_each_variant(name, table, [&](const auto& function) {
        for (const auto& variant : table)
            if (variant.function.multiply == function.multiply) here.push_back(variant);
    });
    Product<Kind> product;
    for (const auto& shape : shapes) {
        product.prepare(shape, random() % 2 == 0 ? Guard::after : Guard::before, random);
        for (const auto& variant : here) product.check(variant.name, variant.function);
    }
}

template <class Kind, class Table>
void check_products(std::string_view name, Table table) {
    std::mt19937_64 random(3);
    auto shapes = product_shapes(random);
    // Several blocks in every direction, the last ones narrow, with enough rows that all of them are packed meanwhile.
    shapes.push_back({160, 531, 40, 0, 1, 0});
    shapes.push_back({75, 1090, 45, 3, 0, 2});
    shapes.push_back({43, 37, 1089, 0, 0, 0});
    shapes.push_back({110, 270, 530, 1, 0, 0});
    // One block whose rows begin lines of the cache, with all and with some of its columns.
    shapes.push_back({45, 192, 320, 2, 0, 1});
    shapes.push_back({31, 96, 211, 0, 160, 0});
    check_shapes<Kind>(name, table, shapes, random);
}

} // namespace

TEST_CASE("Every variant of the single-precision product keeps within the bound that its contract states") {
    check_products<Single>("gemm_f32", gemm_f32_variants());
}

TEST_CASE("Every variant of the double-precision product keeps within the bound that its contract states") {
    check_products<Double>("gemm_f64", gemm_f64_variants());
}

TEST_CASE("Every variant of the bfloat16 product keeps within the bound that its contract states") {
    check_products<Bfloat16>("gemm_bf16", gemm_bf16_variants());
}

TEST_CASE("Every variant of the bfloat16 product keeps within its bound where products all but vanish") {
    std::mt19937_64 random(4);
    std::vector<Shape> shapes;
    for (const std::size_t k : {1u, 2u, 7u, 64u, 531u}) shapes.push_back({15, 33, k});
    check_shapes<TinyBfloat16>("gemm_bf16", gemm_bf16_variants(), shapes, random);
}
