#include "kernels/clock_chain/variants.h"

#include <catch2/catch.hpp>

using namespace kaisar;

TEST_CASE("The clock chain adds as often as it says") {
    for (const auto& variant : kernels::clock_chain_variants()) {
        INFO(variant.name);
        if (!detect_cpu_features().includes(variant.required)) {
            WARN("skipped: clock_chain " << variant.name << ": this processor cannot execute it");
            continue;
        }
        CHECK(variant.function(0, 5) == 0);
        CHECK(variant.function(64, 5) == 320);
        CHECK(variant.function(1 << 12, ~std::uint64_t{0}) == -std::uint64_t{1 << 12});
    }
}
