#include "kernels/gemm_bf16/contract.h"

namespace kaisar::kernels {
namespace {

float from_bf16(std::uint16_t bits) {
    const std::uint32_t widened = std::uint32_t{bits} << 16;
    float value = 0;
    __builtin_memcpy(&value, &widened, sizeof value);
    return value;
}

} // namespace

std::size_t gemm_bf16_reference_workspace_bytes(std::size_t, std::size_t, std::size_t) noexcept { return 0; }

void gemm_bf16_reference(const GemmBf16Arguments& g) noexcept {
    for (std::size_t i = 0; i < g.m; ++i) {
        float* const c = g.c + i * g.ldc;
        for (std::size_t j = 0; j < g.n; ++j) c[j] = 0;
        for (std::size_t l = 0; l < g.k; ++l) {
            const float a = from_bf16(g.a[i * g.lda + l]);
            for (std::size_t j = 0; j < g.n; ++j) c[j] += a * from_bf16(g.b[l * g.ldb + j]);
        }
    }
}

} // namespace kaisar::kernels
