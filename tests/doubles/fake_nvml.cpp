// A test double of the NVIDIA driver's C interface (libnvidia-ml.so.1): as many GPUs as FAKE_NVML_GPUS says; functions
// named in FAKE_NVML_FAIL answer with an error. The functions that an old driver lacks are in fake_nvml_recent.cpp.
#include "fake_nvml.h"

#include <cstdlib>
#include <cstring>
#include <string>

namespace {

unsigned number_of_gpus() {
    const char* const text = std::getenv("FAKE_NVML_GPUS");
    return text == nullptr ? 1 : static_cast<unsigned>(std::atoi(text));
}

int give_text(const char* function, const std::string& text, char* out, unsigned capacity) {
    if (fails(function) || text.size() >= capacity) return nvml_unknown_error;
    std::memcpy(out, text.c_str(), text.size() + 1);
    return 0;
}

// The handle of GPU i is an address that only says so.
unsigned index_of(void* device) { return static_cast<unsigned>(reinterpret_cast<std::size_t>(device)) - 1; }

} // namespace

bool fails(const char* function) {
    const char* const list = std::getenv("FAKE_NVML_FAIL");
    return list != nullptr &&
           (" " + std::string(list) + " ").find(" " + std::string(function) + " ") != std::string::npos;
}

extern "C" {

struct Memory {
    unsigned long long total, free, used;
};

int nvmlInit_v2() { return fails("nvmlInit_v2") ? nvml_unknown_error : 0; }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetCount_v2(unsigned* count) {
    if (fails("nvmlDeviceGetCount_v2")) return nvml_unknown_error;
    *count = number_of_gpus();
    return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
    const char* const lost = std::getenv("FAKE_NVML_LOST");
    if (lost != nullptr && std::to_string(index) == lost) return nvml_gpu_is_lost;
    *device = reinterpret_cast<void*>(std::size_t{index} + 1);
    return 0;
}
int nvmlDeviceGetName(void*, char* out, unsigned capacity) {
    return give_text("nvmlDeviceGetName", "NVIDIA Test 9000", out, capacity);
}
int nvmlDeviceGetUUID(void* device, char* out, unsigned capacity) {
    const auto handle = reinterpret_cast<std::size_t>(device);
    const auto text = handle < first_instance ? "GPU-0000000" + std::to_string(index_of(device))
                                              : "MIG-0000000" + std::to_string(handle - first_instance);
    return give_text("nvmlDeviceGetUUID", text, out, capacity);
}
int nvmlSystemGetDriverVersion(char* out, unsigned capacity) {
    return give_text("nvmlSystemGetDriverVersion", "999.10", out, capacity);
}
int nvmlDeviceGetMemoryInfo(void*, Memory* memory) {
    if (fails("nvmlDeviceGetMemoryInfo")) return nvml_unknown_error;
    *memory = {80ull << 30, 70ull << 30, 10ull << 30};
    return 0;
}
}
