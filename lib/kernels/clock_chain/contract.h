/// A chain of additions, each of which needs the one before: how fast a processor's clock really runs.
///
/// An addition of two registers takes one cycle on every processor that this program knows, whatever else the core
/// could do beside it, so `additions` of them take as many cycles. The operands come from registers: some processors
/// add small constants without spending a cycle.
///
/// Wide multiplications lower the clock of some processors, as long as they last: the AVX-512 variant counts beside
/// them, the plain one beside nothing.
///
/// Work: `additions` dependent additions, a multiple of 64. Returns additions * step modulo 2^64. Cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

std::uint64_t clock_chain_reference(std::uint64_t additions, std::uint64_t step) noexcept;
std::uint64_t clock_chain_avx512(std::uint64_t additions, std::uint64_t step) noexcept;

} // namespace kaisar::kernels
