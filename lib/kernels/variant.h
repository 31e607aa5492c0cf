/// How a kernel comes in several variants: one table per kernel, plain first, fastest last.
///
/// A kernel folder holds contract.h (declarations only, the mathematics and the shapes), one source file a variant and
/// variants.{h,cpp} with the table. A variant file includes its contract, intrinsics and <cstddef>/<cstdint>, nothing
/// else.
#pragma once

#include "error/error.h"
#include "hardware/cpu_features.h"

#include <span>
#include <string>
#include <string_view>

namespace kaisar::kernels {

/// One implementation of a kernel; `Function` is a pointer, or a struct of pointers, to what contract.h declares.
template <class Function>
struct Variant {
    std::string_view name;
    CpuFeatures required;
    Function function;
};

/// The last (fastest) variant that this processor can execute. The first row of a table requires nothing.
template <class Function>
const Variant<Function>& best_variant(std::span<const Variant<Function>> table, CpuFeatures features) {
    const Variant<Function>* best = &table.front();
    for (const auto& variant : table)
        if (features.includes(variant.required)) best = &variant;
    return *best;
}

/// The variant of that name; Error(usage) when there is none of that name, Error(environment) when this processor
/// cannot execute it.
template <class Function>
const Variant<Function>& require_variant(std::span<const Variant<Function>> table, CpuFeatures features,
                                         std::string_view name) {
    std::string known;
    for (const auto& variant : table) {
        if (variant.name == name) {
            if (features.includes(variant.required)) return variant;
            throw Error(ErrorKind::environment, "this processor cannot execute the variant " + std::string(name),
                        "leave --variant out: the best one that works here is chosen");
        }
        known += (known.empty() ? "" : ", ") + std::string(variant.name);
    }
    throw Error(ErrorKind::usage, "there is no variant called " + std::string(name), "the variants are: " + known);
}

} // namespace kaisar::kernels
