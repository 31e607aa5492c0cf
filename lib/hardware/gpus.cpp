#include "hardware/detection.h"
#include "hardware/gpu_state.h"

#include <array>
#include <dlfcn.h>
#include <memory>
#include <utility>

namespace kaisar {
namespace {

// The few declarations of nvml.h that are needed; its ABI has not changed since version 2 of these functions.
using NvmlDevice = struct NvmlDeviceOpaque*;
struct NvmlMemory {
    unsigned long long total, free, used;
};
// Since version 2 of the function that fills it; before, without the last two.
struct NvmlProcess {
    unsigned pid;
    unsigned long long used_bytes;
    unsigned gpu_instance, compute_instance;
};
struct NvmlOldProcess {
    unsigned pid;
    unsigned long long used_bytes;
};
constexpr int nvml_success = 0;
constexpr int nvml_temperature_of_gpu = 0, nvml_core_clock = 1, nvml_memory_clock = 2;
constexpr int nvml_uncorrected = 1, nvml_since_driver_start = 0;
constexpr std::size_t most_processes = 64; // more are not told apart: one is enough to leave a GPU alone
constexpr unsigned long long nvml_unknown = ~0ull;
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

template <class Value, class... Arguments>
std::optional<Value> ask_value(const Nvml& nvml, const char* name, Arguments... arguments) {
    Value value{};
    if (!nvml.ask(name, arguments..., &value)) return std::nullopt;
    return value;
}

/// What slows a GPU down against its owner's wish; the other bits are idleness and settings.
std::vector<std::string> name_throttle_reasons(unsigned long long bits) {
    constexpr std::pair<unsigned long long, const char*> names[] = {{0x04, "sw-power-cap"},
                                                                    {0x08, "hw-slowdown"},
                                                                    {0x20, "sw-thermal"},
                                                                    {0x40, "hw-thermal"},
                                                                    {0x80, "hw-power-brake"}};
    std::vector<std::string> reasons;
    for (const auto& [bit, name] : names)
        if ((bits & bit) != 0) reasons.emplace_back(name);
    return reasons;
}

template <class Process>
bool list_processes(const Nvml& nvml, const char* function, NvmlDevice device, std::vector<GpuProcess>& out) {
    std::array<Process, most_processes> list{};
    unsigned count = most_processes;
    if (!nvml.ask(function, device, &count, list.data())) return false;
    for (std::size_t i = 0; i < count && i < list.size(); ++i)
        out.push_back({.pid = list[i].pid,
                       .memory_bytes = list[i].used_bytes == nvml_unknown ? 0 : std::uint64_t{list[i].used_bytes}});
    return true;
}

/// All but processes, of a card.
GpuState look_at_card(const Nvml& nvml, NvmlDevice device, unsigned index) {
    GpuState state;
    state.index = index;
    state.uuid = nvml.ask_text("nvmlDeviceGetUUID", device);
    state.temperature_c = ask_value<unsigned>(nvml, "nvmlDeviceGetTemperature", device, nvml_temperature_of_gpu);
    if (const auto power = ask_value<unsigned>(nvml, "nvmlDeviceGetPowerUsage", device)) state.power_mw = *power;
    state.core_clock_mhz = ask_value<unsigned>(nvml, "nvmlDeviceGetClockInfo", device, nvml_core_clock);
    state.memory_clock_mhz = ask_value<unsigned>(nvml, "nvmlDeviceGetClockInfo", device, nvml_memory_clock);
    state.pcie_generation = ask_value<unsigned>(nvml, "nvmlDeviceGetCurrPcieLinkGeneration", device);
    state.pcie_lanes = ask_value<unsigned>(nvml, "nvmlDeviceGetCurrPcieLinkWidth", device);
    auto reasons = ask_value<unsigned long long>(nvml, "nvmlDeviceGetCurrentClocksEventReasons", device);
    if (!reasons) // until driver 535
        reasons = ask_value<unsigned long long>(nvml, "nvmlDeviceGetCurrentClocksThrottleReasons", device);
    state.throttle_reasons = name_throttle_reasons(reasons.value_or(0));
    if (const auto errors = ask_value<unsigned long long>(nvml, "nvmlDeviceGetTotalEccErrors", device, nvml_uncorrected,
                                                          nvml_since_driver_start))
        state.ecc_errors = *errors;
    unsigned mig = 0, mig_after_reset = 0;
    state.is_partitioned = nvml.ask("nvmlDeviceGetMigMode", device, &mig, &mig_after_reset) && mig != 0;
    return state;
}

std::vector<GpuProcess> list_processes(const Nvml& nvml, NvmlDevice device) {
    std::vector<GpuProcess> processes;
    if (!list_processes<NvmlProcess>(nvml, "nvmlDeviceGetComputeRunningProcesses_v3", device, processes) &&
        !list_processes<NvmlProcess>(nvml, "nvmlDeviceGetComputeRunningProcesses_v2", device, processes))
        list_processes<NvmlOldProcess>(nvml, "nvmlDeviceGetComputeRunningProcesses", device, processes);
    return processes;
}

/// A partitioned card's instances: others' programs on one of them do not disturb the others.
void add_instances(const Nvml& nvml, NvmlDevice card, const GpuState& of_card, std::vector<GpuState>& out) {
    const auto most = ask_value<unsigned>(nvml, "nvmlDeviceGetMaxMigDeviceCount", card).value_or(0);
    for (unsigned i = 0; i < most; ++i) {
        NvmlDevice instance = nullptr;
        if (!nvml.ask("nvmlDeviceGetMigDeviceHandleByIndex", card, i, &instance)) continue; // numbers may have gaps
        auto state = of_card;
        state.uuid = nvml.ask_text("nvmlDeviceGetUUID", instance);
        state.is_partitioned = false;
        state.processes = list_processes(nvml, instance);
        if (!state.uuid.empty()) out.push_back(std::move(state));
    }
}

/// Calls visit(index, handle) for every GPU; the handle of a card that fell off the bus is null.
template <class Visit>
void visit_gpus(const char* library, Visit visit) {
    const Nvml nvml(library);
    unsigned count = 0;
    if (!nvml.is_started() || !nvml.ask("nvmlDeviceGetCount_v2", &count)) return;
    for (unsigned index = 0; index < count; ++index) {
        NvmlDevice device = nullptr;
        if (!nvml.ask("nvmlDeviceGetHandleByIndex_v2", index, &device)) device = nullptr;
        visit(nvml, index, device);
    }
}

} // namespace

std::vector<Gpu> detect_gpus(const char* library) {
    std::vector<Gpu> gpus;
    visit_gpus(library, [&](const Nvml& nvml, unsigned index, NvmlDevice device) {
        gpus.push_back(device != nullptr ? describe(nvml, device, index) : Gpu{.index = index});
    });
    return gpus;
}

std::vector<GpuState> detect_gpu_states(const char* library) {
    std::vector<GpuState> states;
    visit_gpus(library, [&](const Nvml& nvml, unsigned index, NvmlDevice device) {
        if (device == nullptr) {
            GpuState lost;
            lost.index = index;
            states.push_back(lost);
            return;
        }
        auto state = look_at_card(nvml, device, index);
        state.processes = list_processes(nvml, device);
        states.push_back(state);
        if (state.is_partitioned) add_instances(nvml, device, state, states);
    });
    return states;
}

struct GpuMonitor::Opened {
    explicit Opened(const char* library) : nvml(library) {}
    Nvml nvml;
    NvmlDevice card = nullptr;
    unsigned index = 0;
};

GpuMonitor::GpuMonitor(const std::string& uuid, const char* library) : opened_(std::make_unique<Opened>(library)) {
    auto& [nvml, card, index] = *opened_;
    NvmlDevice device = nullptr;
    if (!nvml.is_started() || !nvml.ask("nvmlDeviceGetHandleByUUID", uuid.c_str(), &device)) return;
    if (!nvml.ask("nvmlDeviceGetDeviceHandleFromMigDeviceHandle", device, &card)) card = device; // no instance
    nvml.ask("nvmlDeviceGetIndex", card, &index);
}

GpuMonitor::~GpuMonitor() = default;

std::optional<GpuState> GpuMonitor::look() const {
    if (opened_->card == nullptr) return std::nullopt;
    return look_at_card(opened_->nvml, opened_->card, opened_->index);
}

std::string find_gpu_objection(const GpuState& state) {
    if (state.uuid.empty()) return "the driver lists it and it does not answer";
    if (!state.processes.empty())
        return "another program computes on it (process " + std::to_string(state.processes.front().pid) + ")";
    if (state.ecc_errors.value_or(0) > 0)
        return "its memory had " + std::to_string(*state.ecc_errors) + " errors that could not be corrected";
    return {};
}

} // namespace kaisar
