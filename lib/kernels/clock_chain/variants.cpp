#include "kernels/clock_chain/variants.h"

namespace kaisar::kernels {
namespace {

constexpr Variant<ClockChain> table[] = {{"reference", {}, clock_chain_reference}};

} // namespace

std::span<const Variant<ClockChain>> clock_chain_variants() { return table; }

} // namespace kaisar::kernels
