/// The variants of memory, plain first. Which one is the fastest depends on the machine and on the size of the arrays,
/// more than in any other kernel: whoever wants it measures (workloads/memory_jobs.cpp). The last is a good guess for
/// arrays that no cache holds.
#pragma once

#include "kernels/memory/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

struct Memory {
    std::uint64_t (*read)(const double* a, std::size_t n) noexcept;
    void (*write)(double* c, double value, std::size_t n) noexcept;
    void (*copy)(double* c, const double* a, std::size_t n) noexcept;
    void (*triad)(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept;
};

std::span<const Variant<Memory>> memory_variants();

} // namespace kaisar::kernels
