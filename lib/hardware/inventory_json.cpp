#include "hardware/inventory_json.h"

#include "crypto/hash.h"
#include "json/document.h"

namespace kaisar {
namespace {

constexpr std::string_view schema = "kaisar.inventory/1";

Json cpu_to_json(const Cpu& cpu) {
    Json json{{"model", cpu.model},           {"architecture", cpu.architecture},
              {"features", cpu.features},     {"sockets", cpu.sockets},
              {"cores", cpu.cores},           {"threads", cpu.threads},
              {"numa_nodes", cpu.numa_nodes}, {"usable_threads", cpu.usable_threads},
              {"caches", Json::array()}};
    for (const auto& cache : cpu.caches)
        json["caches"].push_back(
            {{"level", cache.level}, {"size_bytes", cache.size_bytes}, {"shared_by_threads", cache.shared_by_threads}});
    return json;
}

Json gpu_to_json(const Gpu& gpu) {
    return {{"index", gpu.index},
            {"name", gpu.name},
            {"uuid", gpu.uuid},
            {"memory_bytes", gpu.memory_bytes},
            {"driver_version", gpu.driver_version},
            {"pcie_generation", gpu.pcie_generation},
            {"pcie_lanes", gpu.pcie_lanes},
            {"compute_capability_major", gpu.compute_capability_major},
            {"compute_capability_minor", gpu.compute_capability_minor},
            {"power_limit_mw", gpu.power_limit_mw}};
}

Json to_json(const Inventory& inventory) {
    Json json{
        {"schema", schema},
        {"cpu", cpu_to_json(inventory.cpu)},
        {"memory", {{"total_bytes", inventory.memory.total_bytes}, {"usable_bytes", inventory.memory.usable_bytes}}},
        {"disks", Json::array()},
        {"nics", Json::array()},
        {"gpus", Json::array()}};
    for (const auto& disk : inventory.disks)
        json["disks"].push_back(
            {{"name", disk.name}, {"model", disk.model}, {"size_bytes", disk.size_bytes}, {"rotates", disk.rotates}});
    for (const auto& nic : inventory.nics)
        json["nics"].push_back({{"name", nic.name}, {"driver", nic.driver}, {"link_bits_per_s", nic.link_bits_per_s}});
    for (const auto& gpu : inventory.gpus) json["gpus"].push_back(gpu_to_json(gpu));
    const auto& system = inventory.system;
    json["system"] = {{"vendor", system.vendor},
                      {"product", system.product},
                      {"kernel", system.kernel},
                      {"distribution", system.distribution},
                      {"hypervisor", system.hypervisor}};
    return json;
}

unsigned small_number(const JsonReader& reader, std::string_view field) {
    const auto value = reader.unsigned_integer(field);
    if (value > 0xffffffffu) reader.refuse(field, "a number below 2^32");
    return static_cast<unsigned>(value);
}

Cpu cpu_from_json(const JsonReader& json) {
    Cpu cpu;
    cpu.model = json.string("model");
    cpu.architecture = json.string("architecture");
    cpu.features = json.string("features");
    cpu.sockets = small_number(json, "sockets");
    cpu.cores = small_number(json, "cores");
    cpu.threads = small_number(json, "threads");
    cpu.numa_nodes = small_number(json, "numa_nodes");
    cpu.usable_threads = json.number("usable_threads");
    for (const auto& cache : json.objects("caches"))
        cpu.caches.push_back({small_number(cache, "level"), cache.unsigned_integer("size_bytes"),
                              small_number(cache, "shared_by_threads")});
    return cpu;
}

Gpu gpu_from_json(const JsonReader& json) {
    Gpu gpu;
    gpu.index = small_number(json, "index");
    gpu.name = json.string("name");
    gpu.uuid = json.string("uuid");
    gpu.memory_bytes = json.unsigned_integer("memory_bytes");
    gpu.driver_version = json.string("driver_version");
    gpu.pcie_generation = small_number(json, "pcie_generation");
    gpu.pcie_lanes = small_number(json, "pcie_lanes");
    gpu.compute_capability_major = small_number(json, "compute_capability_major");
    gpu.compute_capability_minor = small_number(json, "compute_capability_minor");
    gpu.power_limit_mw = json.unsigned_integer("power_limit_mw");
    return gpu;
}

std::string text_of_leaf(const Json& json) { return json.is_string() ? json.get<std::string>() : to_line(json); }

void compare(const Json& before, const Json& after, const std::string& path, std::vector<InventoryChange>& changes) {
    if (before.is_object() && after.is_object()) {
        for (const auto& [name, value] : before.items())
            compare(value, after.value(name, Json()), path.empty() ? name : path + "." + name, changes);
        return;
    }
    if (before.is_array() && after.is_array()) {
        for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i)
            compare(i < before.size() ? before[i] : Json(), i < after.size() ? after[i] : Json(),
                    path + "[" + std::to_string(i) + "]", changes);
        return;
    }
    if (before != after) changes.push_back({path, text_of_leaf(before), text_of_leaf(after)});
}

} // namespace

std::string inventory_to_json(const Inventory& inventory) { return to_line(to_json(inventory)); }

Inventory inventory_from_json(std::string_view text, std::string name) {
    const auto json =
        JsonReader::parse(text, std::move(name), "run kaisar register again: it looks at the machine anew");
    if (json.string("schema") != schema) json.refuse("schema", schema);
    Inventory inventory;
    inventory.cpu = cpu_from_json(json.object("cpu"));
    const auto memory = json.object("memory");
    inventory.memory = {memory.unsigned_integer("total_bytes"), memory.unsigned_integer("usable_bytes")};
    for (const auto& disk : json.objects("disks"))
        inventory.disks.push_back(
            {disk.string("name"), disk.string("model"), disk.unsigned_integer("size_bytes"), disk.boolean("rotates")});
    for (const auto& nic : json.objects("nics"))
        inventory.nics.push_back({nic.string("name"), nic.string("driver"), nic.unsigned_integer("link_bits_per_s")});
    for (const auto& gpu : json.objects("gpus")) inventory.gpus.push_back(gpu_from_json(gpu));
    const auto system = json.object("system");
    inventory.system = {system.string("vendor"), system.string("product"), system.string("kernel"),
                        system.string("distribution"), system.string("hypervisor")};
    return inventory;
}

Bytes32 inventory_hash(const Inventory& inventory) { return sha256(bytes_of(inventory_to_json(inventory))); }

std::vector<InventoryChange> compare_inventories(const Inventory& before, const Inventory& after) {
    std::vector<InventoryChange> changes;
    compare(to_json(before), to_json(after), "", changes);
    return changes;
}

} // namespace kaisar
