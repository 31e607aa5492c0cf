/// cuBLASLt's products, beside which ours are timed, where that library is installed.
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

enum class Elements { s8, f32, bf16 };

/// The fastest of cuBLASLt's algorithms for these operands, found by trying, with 64 MiB of workspace.
Anchor make_anchor(const kernels::DeviceGemm& g, Elements elements);

} // namespace kaisar::tests
