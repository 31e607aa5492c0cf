#include "hardware/detection.h"

#include <array>
#include <dlfcn.h>
#include <memory>

namespace kaisar {
namespace {

// The few declarations of nvml.h that are needed; its ABI has not changed since version 2 of these functions.
using NvmlDevice = struct NvmlDeviceOpaque*;
struct NvmlMemory {
    unsigned long long total, free, used;
};
constexpr int nvml_success = 0;
constexpr unsigned text_bytes = 96;

struct CloseLibrary {
    void operator()(void* library) const { dlclose(library); }
};

class Nvml {
public:
    explicit Nvml(const char* library) : library_(dlopen(library, RTLD_LAZY | RTLD_LOCAL)) {
        const auto start = symbol<int()>("nvmlInit_v2");
        started_ = start != nullptr && start() == nvml_success;
    }
    Nvml(const Nvml&) = delete;
    Nvml& operator=(const Nvml&) = delete;
    ~Nvml() {
        const auto stop = symbol<int()>("nvmlShutdown");
        if (started_ && stop != nullptr) stop();
    }
    bool is_started() const { return started_; }

    /// Calls the function of that name; false when the driver has none or it fails.
    template <class... Arguments>
    bool ask(const char* name, Arguments... arguments) const {
        const auto function = symbol<int(Arguments...)>(name);
        return function != nullptr && function(arguments...) == nvml_success;
    }

    template <class... Arguments>
    std::string ask_text(const char* name, Arguments... arguments) const {
        std::array<char, text_bytes> text{};
        if (!ask(name, arguments..., text.data(), text_bytes)) return {};
        text.back() = '\0';
        return text.data();
    }

private:
    template <class Function>
    Function* symbol(const char* name) const {
        return library_ == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(library_.get(), name));
    }

    std::unique_ptr<void, CloseLibrary> library_;
    bool started_ = false;
};

Gpu describe(const Nvml& nvml, NvmlDevice device, unsigned index) {
    Gpu gpu;
    gpu.index = index;
    gpu.name = nvml.ask_text("nvmlDeviceGetName", device);
    gpu.uuid = nvml.ask_text("nvmlDeviceGetUUID", device);
    gpu.driver_version = nvml.ask_text("nvmlSystemGetDriverVersion");
    NvmlMemory memory{};
    if (nvml.ask("nvmlDeviceGetMemoryInfo", device, &memory)) gpu.memory_bytes = memory.total;
    nvml.ask("nvmlDeviceGetMaxPcieLinkGeneration", device, &gpu.pcie_generation);
    nvml.ask("nvmlDeviceGetMaxPcieLinkWidth", device, &gpu.pcie_lanes);
    int major = 0, minor = 0;
    if (nvml.ask("nvmlDeviceGetCudaComputeCapability", device, &major, &minor)) {
        gpu.compute_capability_major = static_cast<unsigned>(major);
        gpu.compute_capability_minor = static_cast<unsigned>(minor);
    }
    unsigned milliwatts = 0;
    if (nvml.ask("nvmlDeviceGetPowerManagementLimit", device, &milliwatts)) gpu.power_limit_mw = milliwatts;
    return gpu;
}

} // namespace

std::vector<Gpu> detect_gpus(const char* library) {
    std::vector<Gpu> gpus;
    const Nvml nvml(library);
    unsigned count = 0;
    if (!nvml.is_started() || !nvml.ask("nvmlDeviceGetCount_v2", &count)) return gpus;
    for (unsigned index = 0; index < count; ++index) {
        NvmlDevice device = nullptr;
        // A card that fell off the bus is counted and has no handle: it is listed, with nothing but its index.
        if (nvml.ask("nvmlDeviceGetHandleByIndex_v2", index, &device))
            gpus.push_back(describe(nvml, device, index));
        else
            gpus.push_back(Gpu{.index = index});
    }
    return gpus;
}

} // namespace kaisar
