// An inventory that decodes encodes to a text that decodes to the same, with the same hash and no change between the
// two.
#include "error/error.h"
#include "hardware/inventory_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    Inventory inventory;
    try {
        inventory = inventory_from_json(text_of({data, size}), "the input");
    } catch (const Error&) {
        return 0;
    }
    const auto again = inventory_from_json(inventory_to_json(inventory), "its own output");
    check(inventory_hash(again) == inventory_hash(inventory), "an inventory survives the way through JSON");
    check(compare_inventories(inventory, again).empty(), "nothing changed on the way");
    return 0;
}
