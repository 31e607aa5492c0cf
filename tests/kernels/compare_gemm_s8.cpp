// gemm_s8 against the register-only ceiling of its instruction set and against oneDNN's dnnl_gemm_s8s8s32, in turns on
// one core. oneDNN may use the same instruction set and no more, and is asked with B lying either way: the better time
// counts. The last lines are blocks as the compute prover multiplies them, out of operands that are larger than the
// caches.
//
//     compare_gemm_s8 [variant [size …]]
#include "ceiling.h"
#include "kernels/gemm_s8/variants.h"
#include "popw_work/huge_array.h"

#include <cstdlib>
#include <dnnl.h>
#include <fmt/format.h>
#include <omp.h>
#include <random>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;
using popw::HugeArray;

namespace {

constexpr std::size_t operand_padding = 192; // as the compute prover pads

struct Ceilings {
    Contender beside, alone;
};

void fill(std::int8_t* out, std::size_t count) {
    std::mt19937_64 random(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::int8_t>(random() >> 32);
}

void require_exact(const GemmS8Arguments& g, const char* who) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 64; ++i) {
        const auto row = random() % g.m, column = random() % g.n;
        std::int32_t sum = 0;
        for (std::size_t l = 0; l < g.k; ++l) sum += g.a[row * g.lda + l] * g.b[column * g.ldb + l];
        if (sum == g.c[row * g.ldc + column]) continue;
        fmt::print("{}: element {}, {} is {}, not {}\n", who, row, column, g.c[row * g.ldc + column], sum);
        std::exit(1);
    }
}

// Row-major op(A) m x k and op(B) k x n: 'T' takes the columns of B as gemm_s8 does, 'N' a square B as it lies.
void multiply_onednn(const GemmS8Arguments& g, char transposition) {
    const std::int32_t zero = 0;
    const auto dim = [](std::size_t size) { return static_cast<dnnl_dim_t>(size); };
    dnnl_gemm_s8s8s32('N', transposition, 'F', dim(g.m), dim(g.n), dim(g.k), 1.0f, g.a, dim(g.lda), 0, g.b, dim(g.ldb),
                      0, 0.0f, g.c, dim(g.ldc), &zero);
}

void compare_square(const Variant<GemmS8>& variant, const Ceilings& ceilings, std::size_t n) {
    const HugeArray<std::int8_t> a(n * n), b(n * n);
    const HugeArray<std::int32_t> ours(n * n), theirs(n * n);
    fill(a.data(), n * n), fill(b.data(), n * n);
    const HugeArray<std::uint8_t> workspace(variant.function.workspace_bytes(n, n, n) + 64);
    const GemmS8Arguments g{n, n, n, a.data(), n, b.data(), n, ours.data(), n, workspace.data()};
    auto h = g;
    h.c = theirs.data();
    const double work = 2.0 * static_cast<double>(n * n) * static_cast<double>(n);
    const Contender by_columns{"oneDNN, B by columns", work, [&] { multiply_onednn(h, 'T'); }};
    const Contender by_rows{"oneDNN, B by rows", work, [&] { multiply_onednn(h, 'N'); }};
    // Whoever came right after the long ceiling would find colder caches than the others: nobody does that counts.
    const auto timings = time_in_turns(
        {ceilings.alone, by_rows, {"ours", work, [&] { variant.function.multiply(g); }}, by_columns, by_rows},
        n > 1600 ? 11 : 31, 2e-3, &ceilings.beside);
    const auto &ours_timed = timings[2], &best = timings[timings[3].to_first > timings[4].to_first ? 3 : 4];
    require_exact(g, "ours");
    fmt::print("{:6} {:10.1f} {:10.1f} {:10.3f} {:10.3f} {:10.3f} {:10.3f}\n", n, timings[0].rate / 1e9,
               ours_timed.rate / 1e9, ours_timed.to_yardstick, ours_timed.to_first, best.to_yardstick,
               ratio(ours_timed, best));
    std::fflush(stdout);
}

// Blocks of C one after the other, the way the prover goes, so that no operand is warmer than in a proof.
void compare_blocks(const Variant<GemmS8>& variant, const Ceilings& ceilings, std::size_t rows, std::size_t columns,
                    std::size_t k) {
    const std::size_t side = 4096, stride = k + operand_padding, ldc = columns + 16;
    const HugeArray<std::int8_t> a(side * stride), b(side * stride);
    fill(a.data(), side * stride), fill(b.data(), side * stride);
    const HugeArray<std::int32_t> c(rows * ldc);
    const HugeArray<std::uint8_t> workspace(variant.function.workspace_bytes(rows, columns, k) + 64);
    std::size_t next = 0;
    const auto block = [&](bool moves) {
        const std::size_t task = moves ? next++ % ((side / rows) * (side / columns)) : 0;
        const std::size_t i = task / (side / columns) * rows, j = task % (side / columns) * columns;
        variant.function.multiply({rows, columns, k, a.data() + i * stride, stride, b.data() + j * stride, stride,
                                   c.data(), ldc, workspace.data()});
    };
    const double work = 2.0 * static_cast<double>(rows * columns) * static_cast<double>(k);
    const auto timings = time_in_turns(
        {ceilings.alone, {"same block", work, [&] { block(false); }}, {"next block", work, [&] { block(true); }}}, 21,
        2e-3, &ceilings.beside);
    fmt::print("{:4} x {:4} x {:5}: the same block again {:.3f}, block after block {:.3f} of the ceiling beside\n",
               rows, columns, k, timings[1].to_yardstick, timings[2].to_yardstick);
    std::fflush(stdout);
}

} // namespace

int main(int count, char** words) {
    omp_set_num_threads(1);
    const auto features = detect_cpu_features();
    const std::string_view name = count > 1 ? words[1] : "avx512vnni";
    const auto& variant = require_variant(gemm_s8_variants(), features, name);
    dnnl_set_max_cpu_isa(name == "avx2"         ? dnnl_cpu_isa_avx2
                         : name == "avxvnni"    ? dnnl_cpu_isa_avx2_vnni
                         : name == "avx512vnni" ? dnnl_cpu_isa_avx512_core_vnni
                                                : dnnl_cpu_isa_all);
    const auto& peak = require_variant(peak_variants(), features, name).function;
    const Ceilings ceilings{int8_ceiling(peak, 4e-4), int8_ceiling(peak, 2e-2)};
    std::vector<std::size_t> sizes{255, 256, 333, 384, 500, 512, 768, 1000, 1023, 1024, 1536, 2048, 3072, 4096};
    if (count > 2) sizes.clear();
    for (int i = 2; i < count; ++i) sizes.push_back(std::strtoul(words[i], nullptr, 10));
    fmt::print("gemm_s8 {}, one core, 10^9 operations a second\n{:>6} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n",
               name, "n", "ceiling", "ours", "/ beside", "/ alone", "oneDNN/bes", "/ oneDNN");
    for (const auto n : sizes)
        if (n != 0) compare_square(variant, ceilings, n);
    for (const std::size_t k : {4096u, 8192u})
        for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{512, 256}, {1024, 512}, {1024, 1024}})
            compare_blocks(variant, ceilings, rows, columns, k);
}
