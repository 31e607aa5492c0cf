#include "gpu/anchor.h"

#include <chrono>
#include <cublasLt.h>
#include <cuda_runtime.h>
#include <stdexcept>
#include <vector>

namespace kaisar::tests {
namespace {

constexpr std::size_t workspace_bytes = std::size_t{64} << 20;
constexpr int most_algorithms = 16;

void require(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(std::string("cuBLASLt: ") + what);
}

struct Types {
    cublasComputeType_t compute;
    cudaDataType_t scale, input, output;
};
Types types_of(Elements elements) {
    switch (elements) {
    case Elements::s8: return {CUBLAS_COMPUTE_32I, CUDA_R_32I, CUDA_R_8I, CUDA_R_32I};
    case Elements::f32: return {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F};
    case Elements::bf16: return {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_32F};
    }
    throw std::runtime_error("cuBLASLt: no such elements");
}

/// C row by row is its transpose column by column: B^T times A in the layout that the library wants (TN).
struct Product {
    Product(const kernels::DeviceGemm& g, const Types& types)
        : is_integer(types.scale == CUDA_R_32I), a(reinterpret_cast<void*>(g.b)), b(reinterpret_cast<void*>(g.a)),
          c(reinterpret_cast<void*>(g.c)) {
        require(cublasLtCreate(&handle) == CUBLAS_STATUS_SUCCESS, "no handle");
        require(cudaMalloc(&workspace, workspace_bytes) == cudaSuccess, "no workspace");
        cublasLtMatmulDescCreate(&operation, types.compute, types.scale);
        const cublasOperation_t transposed = CUBLAS_OP_T;
        cublasLtMatmulDescSetAttribute(operation, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed);
        cublasLtMatrixLayoutCreate(&of_a, types.input, g.k, g.n, static_cast<std::int64_t>(g.ldb));
        cublasLtMatrixLayoutCreate(&of_b, types.input, g.k, g.m, static_cast<std::int64_t>(g.lda));
        cublasLtMatrixLayoutCreate(&of_c, types.output, g.n, g.m, static_cast<std::int64_t>(g.ldc));
    }
    ~Product() {
        cudaFree(workspace);
        cublasLtDestroy(handle);
    }

    bool queue(const cublasLtMatmulAlgo_t& algorithm) const {
        const std::int32_t one = 1, zero = 0; // whose bits are those of a float's zero too
        const float one_f32 = 1;
        const void* const factor = is_integer ? static_cast<const void*>(&one) : &one_f32;
        return cublasLtMatmul(handle, operation, factor, a, of_a, b, of_b, &zero, c, of_c, c, of_c, &algorithm,
                              workspace, workspace_bytes, nullptr) == CUBLAS_STATUS_SUCCESS;
    }

    std::vector<cublasLtMatmulHeuristicResult_t> algorithms() const {
        cublasLtMatmulPreference_t preference = nullptr;
        cublasLtMatmulPreferenceCreate(&preference);
        cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace_bytes,
                                             sizeof workspace_bytes);
        std::vector<cublasLtMatmulHeuristicResult_t> found(most_algorithms);
        int count = 0;
        cublasLtMatmulAlgoGetHeuristic(handle, operation, of_a, of_b, of_c, of_c, preference, most_algorithms,
                                       found.data(), &count);
        cublasLtMatmulPreferenceDestroy(preference);
        found.resize(static_cast<std::size_t>(count));
        return found;
    }

    bool is_integer;
    const void *a, *b;
    void *c, *workspace = nullptr;
    cublasLtHandle_t handle = nullptr;
    cublasLtMatmulDesc_t operation = nullptr;
    cublasLtMatrixLayout_t of_a = nullptr, of_b = nullptr, of_c = nullptr;
};

double seconds_of(const Product& product, const cublasLtMatmulAlgo_t& algorithm) {
    if (!product.queue(algorithm) || cudaDeviceSynchronize() != cudaSuccess) return 1e9;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 3; ++i) product.queue(algorithm);
    cudaDeviceSynchronize();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

Anchor make_anchor(const kernels::DeviceGemm& g, Elements elements) {
    const auto product = std::make_shared<Product>(g, types_of(elements));
    const cublasLtMatmulAlgo_t* best = nullptr;
    double best_s = 1e8;
    const auto algorithms = product->algorithms();
    for (const auto& one : algorithms)
        if (const auto took_s = seconds_of(*product, one.algo); took_s < best_s) best_s = took_s, best = &one.algo;
    if (best == nullptr) return {.name = "cuBLASLt has no algorithm for this product", .queue = {}};
    return {.name = "cuBLASLt " + std::to_string(cublasLtGetVersion()),
            .queue = [product, algorithm = *best] { product->queue(algorithm); }};
}

} // namespace kaisar::tests
