#include "error/error.h"
#include "hardware/inventory_json.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

Inventory sample() {
    Inventory inventory;
    inventory.cpu = {"Some CPU", "x86_64", "avx2 sha", 2, 64, 128, 4, 127.5, {{1, 32768, 2}, {3, 1u << 30, 64}}};
    inventory.memory = {1ull << 40, 1ull << 39};
    inventory.disks = {{"nvme0n1", "Fast One", 1ull << 42, false}};
    inventory.nics = {{"eth0", "mlx5_core", 25'000'000'000}};
    inventory.gpus = {{0, "NVIDIA H200", "GPU-1", 141ull << 30, "570.1", 5, 16, 9, 0, 700000}};
    inventory.system = {"Maker", "Box", "Linux 6.1", "Debian", ""};
    return inventory;
}

} // namespace

TEST_CASE("An inventory survives the way through JSON, and its hash with it") {
    const auto before = sample();
    const auto after = inventory_from_json(inventory_to_json(before), "inventory.json");
    CHECK(inventory_to_json(after) == inventory_to_json(before));
    CHECK(inventory_hash(after) == inventory_hash(before));
    CHECK(after.gpus.at(0).power_limit_mw == 700000);
    CHECK(after.cpu.caches.at(1).size_bytes == 1u << 30);
}

TEST_CASE("The hash changes with any fact") {
    auto other = sample();
    other.gpus[0].pcie_lanes = 8;
    CHECK(inventory_hash(other) != inventory_hash(sample()));
}

TEST_CASE("What changed between two inventories is named by its path") {
    auto after = sample();
    after.gpus[0].pcie_lanes = 8;
    after.disks.clear();
    const auto changes = compare_inventories(sample(), after);
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].what == "disks[0]");
    CHECK(changes[1].what == "gpus[0].pcie_lanes");
    CHECK(changes[1].before == "16");
    CHECK(changes[1].after == "8");
    CHECK(compare_inventories(sample(), sample()).empty());
}

TEST_CASE("A field that is missing, or of another version, is named") {
    auto text = inventory_to_json(sample());
    for (const std::string field :
         {"\"sockets\"", "\"total_bytes\"", "\"link_bits_per_s\"", "\"pcie_lanes\"", "\"hypervisor\""}) {
        auto broken = text;
        broken.replace(broken.find(field), field.size(), "\"gone\"");
        try {
            inventory_from_json(broken, "inventory.json");
            FAIL(field << " was not missed");
        } catch (const Error& error) {
            CHECK(error.message().find(field.substr(1, field.size() - 2)) != std::string::npos);
        }
    }
    text.replace(text.find("inventory/1"), 11, "inventory/9");
    CHECK_THROWS_AS(inventory_from_json(text, "inventory.json"), Error);
}

TEST_CASE("This machine has a processor, memory and a boot, and looks the same twice") {
    const auto inventory = detect_inventory();
    CHECK(inventory.cpu.threads >= 1);
    CHECK(inventory.cpu.usable_threads > 0);
    CHECK(inventory.cpu.usable_threads <= inventory.cpu.threads);
    CHECK(inventory.memory.total_bytes > 0);
    CHECK(inventory_hash(inventory) == inventory_hash(detect_inventory()));
    CHECK(detect_boot_id() == detect_boot_id());
    CHECK(detect_available_memory_bytes() <= inventory.memory.total_bytes);
    CHECK(find_free_space("/"));
    CHECK_FALSE(find_free_space("/there/is/no/such/folder"));
}
