/// The variants of memory, plain first, fastest last.
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
