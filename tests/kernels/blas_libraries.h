/// OpenBLAS and BLIS, each opened apart from the other, so that their equal names do not meet; one thread each.
#pragma once

#include "compare_floats.h"

#include <dlfcn.h>

namespace kaisar::tests {

template <class Element>
using CblasGemm = void (*)(int layout, int transpose_a, int transpose_b, int m, int n, int k, Element alpha,
                           const Element* a, int lda, const Element* b, int ldb, Element beta, Element* c, int ldc);

/// The libraries that are installed, limited to AVX2 or not; one that is missing is left out by name.
template <class Element>
std::vector<Rival<Element, Element>> blas_rivals(const char* function, std::string_view variant) {
    struct Library {
        const char *name, *file, *set_threads;
    };
    constexpr Library libraries[] = {{"OpenBLAS", "libopenblas.so.0", "openblas_set_num_threads"},
                                     {"BLIS", "libblis.so.4", "bli_thread_set_num_threads"}};
    // Both read these when they are opened. BLIS 0.9 takes processors that it does not know for AVX2 ones, and numbers
    // what it can be told to take them for: 0 is Skylake with AVX-512, 3 is Haswell.
    ::setenv("OPENBLAS_CORETYPE", variant == "avx2" ? "Haswell" : "SkylakeX", 1);
    ::setenv("BLIS_ARCH_TYPE", variant == "avx2" ? "3" : "0", 1);
    std::vector<Rival<Element, Element>> rivals;
    for (const auto& library : libraries) {
        void* const opened = ::dlopen(library.file, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
        void* const found = opened == nullptr ? nullptr : ::dlsym(opened, function);
        if (found == nullptr) {
            fmt::print("{} is left out: there is no {} in {}\n", library.name, function, library.file);
            continue;
        }
        if (void* const set_threads = ::dlsym(opened, library.set_threads))
            reinterpret_cast<void (*)(long)>(set_threads)(1);
        const auto gemm = reinterpret_cast<CblasGemm<Element>>(found);
        rivals.push_back({library.name, [gemm](std::size_t n, const Element* a, const Element* b, Element* c) {
                              constexpr int rows = 101, as_it_is = 111; // of the CBLAS standard
                              const int edge = static_cast<int>(n);
                              gemm(rows, as_it_is, as_it_is, edge, edge, edge, 1, a, edge, b, edge, 0, c, edge);
                          }});
    }
    return rivals;
}

} // namespace kaisar::tests
