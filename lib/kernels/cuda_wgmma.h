/// wgmma on int8 and on bfloat16, for device code of sm_90a alone.
#pragma once

#include <cstdint>

namespace kaisar::kernels::device {

inline constexpr unsigned wgmma_results = 128; // a thread's, of 64 x 256 a warpgroup

// The 128 operands that are a thread's results, by name and with their kind of register.
#define KAISAR_RESULT_NAMES                                                                                            \
    "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "                                           \
    "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "                                 \
    "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "                                 \
    "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "                                 \
    "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "                                 \
    "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "                                 \
    "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "                     \
    "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
#define KAISAR_RESULTS(kind)                                                                                           \
    kind(c[0]), kind(c[1]), kind(c[2]), kind(c[3]), kind(c[4]), kind(c[5]), kind(c[6]), kind(c[7]), kind(c[8]),        \
        kind(c[9]), kind(c[10]), kind(c[11]), kind(c[12]), kind(c[13]), kind(c[14]), kind(c[15]), kind(c[16]),         \
        kind(c[17]), kind(c[18]), kind(c[19]), kind(c[20]), kind(c[21]), kind(c[22]), kind(c[23]), kind(c[24]),        \
        kind(c[25]), kind(c[26]), kind(c[27]), kind(c[28]), kind(c[29]), kind(c[30]), kind(c[31]), kind(c[32]),        \
        kind(c[33]), kind(c[34]), kind(c[35]), kind(c[36]), kind(c[37]), kind(c[38]), kind(c[39]), kind(c[40]),        \
        kind(c[41]), kind(c[42]), kind(c[43]), kind(c[44]), kind(c[45]), kind(c[46]), kind(c[47]), kind(c[48]),        \
        kind(c[49]), kind(c[50]), kind(c[51]), kind(c[52]), kind(c[53]), kind(c[54]), kind(c[55]), kind(c[56]),        \
        kind(c[57]), kind(c[58]), kind(c[59]), kind(c[60]), kind(c[61]), kind(c[62]), kind(c[63]), kind(c[64]),        \
        kind(c[65]), kind(c[66]), kind(c[67]), kind(c[68]), kind(c[69]), kind(c[70]), kind(c[71]), kind(c[72]),        \
        kind(c[73]), kind(c[74]), kind(c[75]), kind(c[76]), kind(c[77]), kind(c[78]), kind(c[79]), kind(c[80]),        \
        kind(c[81]), kind(c[82]), kind(c[83]), kind(c[84]), kind(c[85]), kind(c[86]), kind(c[87]), kind(c[88]),        \
        kind(c[89]), kind(c[90]), kind(c[91]), kind(c[92]), kind(c[93]), kind(c[94]), kind(c[95]), kind(c[96]),        \
        kind(c[97]), kind(c[98]), kind(c[99]), kind(c[100]), kind(c[101]), kind(c[102]), kind(c[103]), kind(c[104]),   \
        kind(c[105]), kind(c[106]), kind(c[107]), kind(c[108]), kind(c[109]), kind(c[110]), kind(c[111]),              \
        kind(c[112]), kind(c[113]), kind(c[114]), kind(c[115]), kind(c[116]), kind(c[117]), kind(c[118]),              \
        kind(c[119]), kind(c[120]), kind(c[121]), kind(c[122]), kind(c[123]), kind(c[124]), kind(c[125]),              \
        kind(c[126]), kind(c[127])

// Adds 64 x 256 products of 32 bytes to a warpgroup's results; of int8 they wrap modulo 2^32: no .satfinite.
__device__ inline void multiply_add(std::int32_t (&c)[wgmma_results], std::uint64_t a, std::uint64_t b, bool is_added) {
    asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %130, 0;\nwgmma.mma_async.sync.aligned.m64n256k32.s32.s8.s8 "
                 "{" KAISAR_RESULT_NAMES "}, %128, %129, p;\n}"
                 : KAISAR_RESULTS("+r")
                 : "l"(a), "l"(b), "r"(static_cast<int>(is_added)));
}
// The same of bfloat16, with sums in single precision; both operands in rows along k, neither negated.
__device__ inline void multiply_add(float (&c)[wgmma_results], std::uint64_t a, std::uint64_t b, bool is_added) {
    asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %130, 0;\nwgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 "
                 "{" KAISAR_RESULT_NAMES "}, %128, %129, p, 1, 1, 0, 0;\n}"
                 : KAISAR_RESULTS("+f")
                 : "l"(a), "l"(b), "r"(static_cast<int>(is_added)));
}
#undef KAISAR_RESULTS
#undef KAISAR_RESULT_NAMES
__device__ inline void begin_products() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ inline void commit_products() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int left>
__device__ inline void await_products() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(left) : "memory");
}

} // namespace kaisar::kernels::device
