/// How NVIDIA GPUs are doing now: what changes from one moment to the next and therefore is no part of an inventory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kaisar {

/// A program that computes on a GPU, as the driver lists it; in a container the number may be another namespace's.
struct GpuProcess {
    unsigned pid = 0;
    std::uint64_t memory_bytes = 0; ///< zero where the driver does not tell
};

/// What the driver does not tell is absent.
struct GpuState {
    unsigned index = 0;
    std::string uuid; ///< GPU-…, MIG-… of an instance; empty when the card does not answer any more
    std::optional<unsigned> temperature_c;
    std::optional<std::uint64_t> power_mw;
    std::optional<unsigned> core_clock_mhz;
    std::optional<unsigned> memory_clock_mhz;
    std::optional<unsigned> pcie_generation; ///< of the link now; it rises under load
    std::optional<unsigned> pcie_lanes;
    /// What holds the clock down: hw-slowdown, hw-thermal, sw-power-cap …; idleness and the owner's settings are none.
    std::vector<std::string> throttle_reasons;
    /// Of the memory, not corrected, since the driver was loaded.
    std::optional<std::uint64_t> ecc_errors;
    bool is_partitioned = false; ///< by MIG: its instances are devices of their own
    std::vector<GpuProcess> processes;
};

/// One entry a GPU in NVML's order, after each partitioned one its instances, with the card's own heat, throttling and
/// errors; empty where there is no NVIDIA driver.
std::vector<GpuState> detect_gpu_states(const char* library = "libnvidia-ml.so.1");

/// Looks at one GPU again and again, without starting the driver's library each time.
class GpuMonitor {
public:
    /// Of a card, or of an instance, which shows its card's state.
    explicit GpuMonitor(const std::string& uuid, const char* library = "libnvidia-ml.so.1");
    ~GpuMonitor();
    /// Without processes; nothing where the driver does not know the GPU. From any thread.
    std::optional<GpuState> look() const;

private:
    struct Opened;
    std::unique_ptr<Opened> opened_;
};

/// Why a GPU should be left alone now: it does not answer, others compute on it, its memory is faulty; empty when it
/// may be used.
std::string find_gpu_objection(const GpuState& state);

} // namespace kaisar
