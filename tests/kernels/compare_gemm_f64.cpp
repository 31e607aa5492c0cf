// gemm_f64 against the register-only ceiling of its instruction set, OpenBLAS and BLIS (oneDNN has no double
// precision), in turns on one core.
// All may use the same instruction set and no more.
//
//     compare_gemm_f64 [variant [size …]]
#include "blas_libraries.h"
#include "kernels/gemm_f64/variants.h"

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;

int main(int count, char** words) {
    const auto features = detect_cpu_features();
    const std::string_view name = count > 1 ? words[1] : best_variant(gemm_f64_variants(), features).name;
    const auto gemm = require_variant(gemm_f64_variants(), features, name).function;
    const auto& peak = require_variant(peak_variants(), features, name).function;
    const auto rivals = blas_rivals<double>("cblas_dgemm", name);
    const Elements<double, double> kind{
        [](std::uint64_t word) { return static_cast<double>(static_cast<std::int64_t>(word) >> 10) * 0x1p-53; },
        [](double value) { return value; }, 0x1p-52};
    const Ceilings ceilings{f64_ceiling(peak, 4e-4), f64_ceiling(peak, 2e-2)};
    print_heading(fmt::format("gemm_f64 {}", name), rivals);
    for (const auto n : sizes_of(count, words))
        compare_square(
            n, gemm.workspace_bytes(n, n, n), kind,
            [&](std::size_t edge, const double* a, const double* b, double* c, std::uint8_t* workspace) {
                gemm.multiply({edge, edge, edge, a, edge, b, edge, c, edge, workspace});
            },
            ceilings, rivals);
}
