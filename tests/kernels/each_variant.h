/// Walks a kernel's table: what this processor cannot execute is reported by name, never passed over in silence.
#pragma once

#include "kernels/variant.h"

#include <catch2/catch.hpp>

namespace kaisar::tests {

template <class Function, class Check>
void for_each_variant(std::string_view kernel, std::span<const kernels::Variant<Function>> table, Check check_variant) {
    const auto features = detect_cpu_features();
    REQUIRE_FALSE(table.empty());
    CHECK(table.front().name == "reference");
    CHECK(CpuFeatures{}.includes(table.front().required));
    for (const auto& variant : table) {
        if (!features.includes(variant.required)) {
            WARN("skipped: " << kernel << " " << variant.name << ": this processor cannot execute it");
            continue;
        }
        INFO(kernel << " " << variant.name);
        check_variant(variant.function);
    }
}

} // namespace kaisar::tests
