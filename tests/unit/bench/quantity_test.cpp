#include "bench/quantity.h"

#include <catch2/catch.hpp>

using namespace kaisar;

TEST_CASE("Figures have three digits and a prefix") {
    CHECK(format_quantity(6.48e11, "op/s") == "648 Gop/s");
    CHECK(format_quantity(9.21e-8, "s") == "92.1 ns");
    CHECK(format_quantity(1, "B/s") == "1.00 B/s");
    CHECK(format_quantity(0, "B/s") == "0.00 B/s");
    CHECK(format_quantity(999.7, "B/s") == "1.00 kB/s");
    CHECK(format_quantity(0.9996, "s") == "1.00 s");
}

TEST_CASE("Sizes are binary") {
    CHECK(format_size(512u << 20) == "512 MiB");
    CHECK(format_size(1536) == "1.5 KiB");
    CHECK(format_size(7) == "7 B");
}
