#include "hardware/inventory.h"
#include "safeguards/spare_memory.h"
#include "unit/safeguards/busy_machine.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {
constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t gib = 1 << 30;
} // namespace

TEST_CASE("A proof takes what is wanted, or half, and leaves a tenth to everything else") {
    CHECK(allowed_memory_bytes(std::nullopt, 64 * gib) == 32 * gib);
    CHECK(allowed_memory_bytes(gib, 64 * gib) == gib);
    CHECK(allowed_memory_bytes(100 * gib, 64 * gib) == 64 * gib - 64 * gib / 10);
    CHECK(allowed_memory_bytes(gib, 512 * mib) == 384 * mib);
    CHECK(allowed_memory_bytes(gib, 100 * mib) == 0);
    CHECK(allowed_memory_bytes(std::nullopt, 200 * mib) == 72 * mib);
}

TEST_CASE("The kernel is told to end this process first, where it listens") {
    const BusyMachine machine;
    machine.write("adjustment", "0\n");
    offer_to_be_ended_first((machine / "adjustment").string());
    CHECK(read_system_file((machine / "adjustment").string()) == "1000");
    CHECK_NOTHROW(offer_to_be_ended_first((machine / "nowhere/adjustment").string()));
}

TEST_CASE("Huge pages that the system refuses are explained, with the way to have them") {
    const BusyMachine machine;
    const auto fault = [&] {
        return find_huge_page_fault((machine / "enabled").string(), (machine / "status").string());
    };
    CHECK(fault()->find("this kernel has no") == 0);
    machine.write("enabled", "always madvise [never]\n");
    CHECK(fault()->find("echo madvise > " + (machine / "enabled").string()) != std::string::npos);
    for (const auto* setting : {"always [madvise] never\n", "[always] madvise never\n"}) {
        machine.write("enabled", setting);
        machine.write("status", "Name:\tkaisar\nTHP_enabled:\t1\n");
        CHECK_FALSE(fault());
        machine.write("status", "Name:\tkaisar\nTHP_enabled:\t0\n");
        CHECK(fault()->find("for this process") != std::string::npos);
    }
}
