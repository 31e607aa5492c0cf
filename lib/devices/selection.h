/// Which of a machine's devices take part in a proof.
#pragma once

#include "devices/gpus.h"

namespace kaisar {

/// A GPU that takes no part, and why.
struct LeftAlone {
    std::string device;
    std::string uuid;
    std::string reason;
};

/// Whether it can be one of the names that select_devices() takes.
bool is_device_name(const std::string& name);

struct DeviceSelection {
    bool has_processor = true;
    std::vector<kernels::DeviceFacts> gpus; ///< by index
    std::vector<LeftAlone> left_alone;
};

/// `names` are cpu, cuda:N, the UUID of a GPU, or all; none means all. GPUs that should be left alone are, also by
/// name. Error(usage) for another name, Error(environment) for a GPU that is not there.
DeviceSelection select_devices(const std::vector<std::string>& names, const GpuCandidates& candidates);
/// From the GPUs of this machine, which are only looked for where one is asked for.
DeviceSelection select_devices(const std::vector<std::string>& names);

/// GPUs that were opened and answer rightly.
struct OpenedGpus {
    std::vector<std::unique_ptr<kernels::DeviceStream>> streams;
    std::vector<LeftAlone> left_alone; ///< those of the selection, and those that could not be opened
};

/// All at once: each takes its time to start. Error(environment) when there is no processor either and no GPU is left.
OpenedGpus open_selected(const DeviceSelection& selection);

} // namespace kaisar
