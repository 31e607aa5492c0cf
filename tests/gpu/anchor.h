/// cuBLASLt's int8 product, beside which ours is timed, where that library is installed.
#pragma once

#include "kernels/device_stream.h"

#include <functional>
#include <memory>
#include <string>

namespace kaisar::tests {

struct Anchor {
    std::string name;            ///< with the version; or why there is none
    std::function<void()> queue; ///< one product into g.c; empty where there is none
};

/// The fastest of cuBLASLt's algorithms for these operands, found by trying, with 64 MiB of workspace.
Anchor make_anchor(const kernels::DeviceGemmS8& g);

} // namespace kaisar::tests
