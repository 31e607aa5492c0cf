/// The variants of clock_chain: not one faster than the other, but beside what the additions are counted.
#pragma once

#include "kernels/clock_chain/contract.h"
#include "kernels/variant.h"

namespace kaisar::kernels {

using ClockChain = std::uint64_t (*)(std::uint64_t additions, std::uint64_t step) noexcept;

std::span<const Variant<ClockChain>> clock_chain_variants();

} // namespace kaisar::kernels
