// gemm_f32 against the register-only ceiling of its instruction set, OpenBLAS, BLIS and oneDNN, in turns on one core.
// All may use the same instruction set and no more.
//
//     compare_gemm_f32 [variant [size …]]
#include "blas_libraries.h"
#include "kernels/gemm_f32/variants.h"

#include <dnnl.h>
#include <omp.h>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;

int main(int count, char** words) {
    omp_set_num_threads(1);
    const auto features = detect_cpu_features();
    const std::string_view name = count > 1 ? words[1] : best_variant(gemm_f32_variants(), features).name;
    const auto gemm = require_variant(gemm_f32_variants(), features, name).function;
    const auto& peak = require_variant(peak_variants(), features, name).function;
    dnnl_set_max_cpu_isa(name == "avx2" ? dnnl_cpu_isa_avx2 : dnnl_cpu_isa_avx512_core);
    auto rivals = blas_rivals<float>("cblas_sgemm", name);
    rivals.push_back({"oneDNN", [](std::size_t n, const float* a, const float* b, float* c) {
                          const auto edge = static_cast<dnnl_dim_t>(n);
                          dnnl_sgemm('N', 'N', edge, edge, edge, 1, a, edge, b, edge, 0, c, edge);
                      }});
    const Elements<float, float> kind{
        [](std::uint64_t word) { return static_cast<float>(static_cast<std::int64_t>(word) >> 39) * 0x1p-24f; },
        [](float value) { return double{value}; }, 0x1p-23};
    const Ceilings ceilings{f32_ceiling(peak, 4e-4), f32_ceiling(peak, 2e-2)};
    print_heading(fmt::format("gemm_f32 {}", name), rivals);
    for (const auto n : sizes_of(count, words))
        compare_square(
            n, gemm.workspace_bytes(n, n, n), kind,
            [&](std::size_t edge, const float* a, const float* b, float* c, std::uint8_t* workspace) {
                gemm.multiply({edge, edge, edge, a, edge, b, edge, c, edge, workspace});
            },
            ceilings, rivals);
}
