/// Hash trees in a GPU's memory.
#pragma once

#include "kernels/device_stream.h"
#include "popw_work/hashing.h"

namespace kaisar::popw {

/// TH(tag, message) for messages of that length, as a GPU is told it.
kernels::DeviceHash make_device_hash(const Primitives& primitives, std::string_view tag, std::size_t message_bytes);

/// The levels of a tree, each from the one below.
class GpuTree {
public:
    /// Takes memory for trees over at most `nodes` nodes.
    GpuTree(kernels::DeviceStream& device, const Primitives& primitives, std::size_t nodes);

    /// Queues all levels above `count` nodes up to the one with `left` of them, which comes to `out`. Both are powers
    /// of two and count is the larger.
    void raise(kernels::Lane lane, kernels::DeviceAddress nodes, std::size_t count, std::size_t left,
               kernels::DeviceAddress out) const;

    static std::uint64_t memory_bytes(std::size_t nodes) { return (nodes / 2 + nodes / 4 + 2) * sizeof(Bytes32); }

private:
    kernels::DeviceStream& device_;
    const kernels::DeviceHash hash_;
    const kernels::DeviceArray half_, quarter_;
};

} // namespace kaisar::popw
