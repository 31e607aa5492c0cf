// The functions of the driver's test double that came after the first ones: its state now, by today's names.
#include "fake_nvml.h"

#include <cstdlib>
#include <string>

extern "C" {

struct Process {
    unsigned pid;
    unsigned long long used_bytes;
    unsigned gpu_instance, compute_instance;
};

int nvmlDeviceGetTemperature(void*, int sensor, unsigned* celsius) {
    if (fails("nvmlDeviceGetTemperature") || sensor != 0) return nvml_unknown_error;
    *celsius = 61;
    return 0;
}
int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) {
    if (fails("nvmlDeviceGetPowerUsage")) return nvml_unknown_error;
    *milliwatts = 432'100;
    return 0;
}
int nvmlDeviceGetClockInfo(void*, int clock, unsigned* mhz) {
    if (fails("nvmlDeviceGetClockInfo")) return nvml_unknown_error;
    *mhz = clock == 1 ? 1755 : 2619;
    return 0;
}
int nvmlDeviceGetCurrPcieLinkGeneration(void*, unsigned* generation) {
    *generation = 5;
    return 0;
}
int nvmlDeviceGetCurrPcieLinkWidth(void*, unsigned* lanes) {
    *lanes = 16;
    return 0;
}
int nvmlDeviceGetCurrentClocksEventReasons(void*, unsigned long long* bits) {
    if (fails("nvmlDeviceGetCurrentClocksEventReasons")) return nvml_unknown_error;
    *bits = 0x1 | 0x4 | 0x40 | 0x100 | 1ull << 40; // idle, power cap, heat, display, and one that is not known yet
    return 0;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void*, unsigned long long* bits) {
    *bits = 0x8;
    return 0;
}
int nvmlDeviceGetTotalEccErrors(void*, int type, int counter, unsigned long long* errors) {
    if (fails("nvmlDeviceGetTotalEccErrors")) return nvml_unknown_error;
    *errors = type == 1 && counter == 0 ? 0 : 77;
    if (const char* const given = std::getenv("FAKE_NVML_ECC")) *errors = static_cast<unsigned>(std::atoi(given));
    return 0;
}
int nvmlDeviceGetMigMode(void*, unsigned* now, unsigned* after_reset) {
    if (fails("nvmlDeviceGetMigMode")) return nvml_unknown_error;
    *now = *after_reset = std::getenv("FAKE_NVML_MIG") != nullptr ? 1 : 0;
    return 0;
}
// Two instances, the second of them under number 2.
int nvmlDeviceGetMaxMigDeviceCount(void*, unsigned* count) {
    *count = 3;
    return 0;
}
int nvmlDeviceGetMigDeviceHandleByIndex(void*, unsigned index, void** device) {
    if (index == 1) return nvml_unknown_error;
    *device = reinterpret_cast<void*>(std::size_t{first_instance} + index);
    return 0;
}
int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(void* device, void** card) {
    if (reinterpret_cast<std::size_t>(device) < first_instance) return nvml_unknown_error;
    *card = reinterpret_cast<void*>(std::size_t{1});
    return 0;
}
int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
    const std::string text = uuid;
    if (text == "MIG-00000000") *device = reinterpret_cast<void*>(std::size_t{first_instance});
    if (text == "GPU-00000000") *device = reinterpret_cast<void*>(std::size_t{1});
    return text == "MIG-00000000" || text == "GPU-00000000" ? 0 : nvml_unknown_error;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned* count, Process* list) {
    if (fails("nvmlDeviceGetComputeRunningProcesses_v3")) return nvml_unknown_error;
    if (reinterpret_cast<std::size_t>(device) == first_instance) {
        *count = 0; // what runs on the card runs on the other instance
        return 0;
    }
    const char* const pid = std::getenv("FAKE_NVML_BUSY");
    if (pid == nullptr) {
        *count = 0;
        return 0;
    }
    list[0] = {static_cast<unsigned>(std::atoi(pid)), 123, 0, 0};
    list[1] = {static_cast<unsigned>(std::atoi(pid)) + 1, ~0ull, 0, 0}; // "not available"
    *count = 2;
    return 0;
}
}
