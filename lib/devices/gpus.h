/// Which GPUs may be used now, and whether they can be trusted.
#pragma once

#include "hardware/gpu_state.h"
#include "kernels/device_stream.h"

#include <functional>

namespace kaisar {

/// A GPU that CUDA shows this process, and why it is left alone; empty when it may be used.
struct GpuCandidate {
    kernels::DeviceFacts facts;
    std::string objection;
};

struct GpuCandidates {
    std::vector<GpuCandidate> gpus;
    std::string reason; ///< why there is none; empty when there are some
};

/// What CUDA lists, each with what NVML has against the card of the same UUID.
GpuCandidates join_gpus(const kernels::DeviceList& list, const std::vector<GpuState>& states);

/// The GPUs of this machine, in CUDA's order (CUDA_VISIBLE_DEVICES is honoured). Uses none of them.
GpuCandidates find_gpus();

/// Lets every kernel of the device answer a small case that the plain kernels answer too. Error(mismatch) naming the
/// kernel that was wrong, Error(environment) when the device fails.
void require_working(kernels::DeviceStream& device);

/// The device, opened and found to be right, with the fastest product that is: by rank, and by trial where only trying
/// tells. Errors as in require_working and open_cuda_device.
std::unique_ptr<kernels::DeviceStream> open_working_gpu(const kernels::DeviceFacts& facts);

/// Opens a device with a variant and lets it answer; `passed_over` tells what was tried before.
using OpenDevice =
    std::function<std::unique_ptr<kernels::DeviceStream>(const std::string& variant, const std::string& passed_over)>;

/// The first variant that works; after each that does not, `forget` is called. With none, the last one's error.
std::unique_ptr<kernels::DeviceStream> first_working(const std::vector<std::string>& variants, const OpenDevice& open,
                                                     const std::function<void()>& forget);

/// How a rival of the product that was chosen is tried.
struct Trial {
    OpenDevice open;
    std::function<void(kernels::DeviceStream&)> require_right;
    std::function<double(kernels::DeviceStream&)> time_s; ///< of one and the same product
    std::function<void()> forget;
};

/// The device, or in its place one with the rival that is faster by more than a tenth and right. Where a rival fails,
/// or is faster and wrong, the device is opened anew as it was, and tells of it.
std::unique_ptr<kernels::DeviceStream> choose_by_trial(std::unique_ptr<kernels::DeviceStream> device,
                                                       const std::vector<std::string>& rivals, const Trial& trial);

} // namespace kaisar
