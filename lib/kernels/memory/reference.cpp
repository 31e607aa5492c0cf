#include "kernels/memory/contract.h"

namespace kaisar::kernels {

std::uint64_t memory_read_reference(const double* a, std::size_t n) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        std::uint64_t word;
        __builtin_memcpy(&word, a + i, sizeof word);
        sum += word;
    }
    return sum;
}

void memory_write_reference(double* c, double value, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) c[i] = value;
}

void memory_copy_reference(double* c, const double* a, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) c[i] = a[i];
}

void memory_triad_reference(double* c, const double* a, const double* b, double factor, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) c[i] = a[i] + factor * b[i];
}

} // namespace kaisar::kernels
