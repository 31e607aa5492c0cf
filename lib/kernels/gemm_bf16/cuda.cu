// For GPUs since Ampere: mma.m16n8k16 on bfloat16, which spreads its operands' bytes as m16n8k32 does those of int8.
#include "kernels/cuda_mma_product.h"

namespace kaisar::kernels::device {
namespace {

struct Bfloat16 {
    static constexpr unsigned bytes = 2;
    using Sum = float;
    static __device__ void multiply_add(float* c, const std::uint32_t* a, const std::uint32_t* b) {
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
                     "{%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    }
};

template <unsigned warp_columns>
__global__ void __launch_bounds__(product_threads, 1) multiply(DeviceGemm g) {
    extern __shared__ __align__(128) std::uint8_t shared[];
    MmaResults<float, warp_columns> c = {};
    multiply_tile<Bfloat16, warp_columns>(g, shared, c, [](unsigned, auto&) {});
    write_tile<float, warp_columns>(g, c);
}

} // namespace

int launch_gemm_bf16_mma(void* stream, const DeviceGemm& g) {
    constexpr unsigned wide = 64, narrow = 32;
    return g.n % (4 * wide) == 0 ? launch_product<wide>(stream, g, multiply<wide>)
                                 : launch_product<narrow>(stream, g, multiply<narrow>);
}

} // namespace kaisar::kernels::device
