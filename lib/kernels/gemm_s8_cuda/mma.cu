// For GPUs since Ampere: mma.m16n8k32 on int8.
#include "kernels/cuda_mma_product.h"

namespace kaisar::kernels::device {
namespace {

struct Int8 {
    static constexpr unsigned bytes = 1;
    using Sum = std::int32_t;
    // Wraps modulo 2^32: no .satfinite.
    static __device__ void multiply_add(std::int32_t* c, const std::uint32_t* a, const std::uint32_t* b) {
        asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                     "{%0, %1, %2, %3};"
                     : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    }
};

template <unsigned warp_columns>
__global__ void __launch_bounds__(product_threads, 1) multiply(DeviceGemm g) {
    extern __shared__ __align__(128) std::uint8_t shared[];
    MmaResults<std::int32_t, warp_columns> c = {};
    multiply_tile<Int8, warp_columns>(g, shared, c, [](unsigned, auto&) {});
    write_tile<std::int32_t, warp_columns>(g, c);
}

} // namespace

int launch_gemm_s8_mma(void* stream, const DeviceGemm& g) {
    constexpr unsigned wide = 64, narrow = 32;
    return g.n % (4 * wide) == 0 ? launch_product<wide>(stream, g, multiply<wide>)
                                 : launch_product<narrow>(stream, g, multiply<narrow>);
}

} // namespace kaisar::kernels::device
