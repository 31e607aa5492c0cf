#include "popw_devices/gpu_tree.h"

#include "error/error.h"

#include <algorithm>

namespace kaisar::popw {

kernels::DeviceHash make_device_hash(const Primitives& primitives, std::string_view tag, std::size_t message_bytes) {
    const FixedHasher hasher(primitives, tag, message_bytes);
    return {.initial = hasher.midstate(), .last = hasher.padding()};
}

GpuTree::GpuTree(kernels::DeviceStream& device, const Primitives& primitives, std::size_t nodes)
    : device_(device), hash_(make_device_hash(primitives, "node", 2 * sizeof(Bytes32))),
      half_(device, std::max<std::size_t>(nodes / 2, 1) * sizeof(Bytes32)),
      quarter_(device, std::max<std::size_t>(nodes / 4, 1) * sizeof(Bytes32)) {}

void GpuTree::raise(kernels::Lane lane, kernels::DeviceAddress nodes, std::size_t count, std::size_t left,
                    kernels::DeviceAddress out) const {
    check(count > left && left > 0, "a tree is raised by one level at least");
    for (bool to_half = true; count > left; to_half = !to_half) {
        count /= 2;
        const kernels::DeviceAddress to = count == left ? out : to_half ? half_ : quarter_;
        device_.hash_messages(lane, hash_, nodes, 1, count, to);
        nodes = to;
    }
}

} // namespace kaisar::popw
