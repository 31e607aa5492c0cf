/// The inventory as JSON, for inventory.json and the registration request, and the hash that the owner signs.
#pragma once

#include "hardware/inventory.h"

#include <string>
#include <string_view>

namespace kaisar {

/// `kaisar.inventory/1`, on one line with a fixed order of fields: equal machines give equal bytes.
std::string inventory_to_json(const Inventory& inventory);

/// Throws Error(environment) naming the field that is missing or wrong; `name` is what the text is called in messages.
Inventory inventory_from_json(std::string_view text, std::string name);

/// SHA-256 of inventory_to_json().
Bytes32 inventory_hash(const Inventory& inventory);

/// One thing that differs between two inventories of the same machine.
struct InventoryChange {
    std::string what; ///< the field's path: "gpus[0].pcie_lanes"
    std::string before;
    std::string after;
};

/// Everything that differs, in the order of the fields.
std::vector<InventoryChange> compare_inventories(const Inventory& before, const Inventory& after);

} // namespace kaisar
