#include "kernels/gemm_f64/contract.h"

namespace kaisar::kernels {

std::size_t gemm_f64_reference_workspace_bytes(std::size_t, std::size_t, std::size_t) noexcept { return 0; }

void gemm_f64_reference(const GemmF64Arguments& g) noexcept {
    for (std::size_t i = 0; i < g.m; ++i) {
        double* const c = g.c + i * g.ldc;
        for (std::size_t j = 0; j < g.n; ++j) c[j] = 0;
        for (std::size_t l = 0; l < g.k; ++l)
            for (std::size_t j = 0; j < g.n; ++j) c[j] += g.a[i * g.lda + l] * g.b[l * g.ldb + j];
    }
}

} // namespace kaisar::kernels
