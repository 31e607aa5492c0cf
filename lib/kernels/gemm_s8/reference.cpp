#include "kernels/gemm_s8/contract.h"

namespace kaisar::kernels {

std::size_t gemm_s8_reference_workspace_bytes(std::size_t, std::size_t, std::size_t) noexcept { return 0; }

void gemm_s8_reference(const GemmS8Arguments& g) noexcept {
    for (std::size_t i = 0; i < g.m; ++i) {
        for (std::size_t j = 0; j < g.n; ++j) {
            std::uint32_t sum = 0; // unsigned: wraps where the contract says modulo 2^32
            for (std::size_t l = 0; l < g.k; ++l)
                sum += static_cast<std::uint32_t>(g.a[i * g.lda + l] * g.b[j * g.ldb + l]);
            g.c[i * g.ldc + j] = static_cast<std::int32_t>(sum);
        }
    }
}

} // namespace kaisar::kernels
