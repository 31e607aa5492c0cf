// What a build without the CUDA compiler has in place of device_stream.cu.
#include "kernels/device_stream.h"

#include "error/error.h"

namespace kaisar::kernels {

DeviceList detect_cuda_devices() { return {.devices = {}, .reason = "this version was built without GPU kernels"}; }

std::vector<std::string> cuda_gemm_variants(const DeviceFacts&) { return {}; }

std::vector<std::string> cuda_gemm_rivals(const DeviceFacts&) { return {}; }

void forget_cuda_device(const DeviceFacts&) noexcept {}

std::unique_ptr<DeviceStream> open_cuda_device(const DeviceFacts& facts, const std::string&) {
    throw Error(ErrorKind::environment,
                "cuda:" + std::to_string(facts.index) + " cannot be used: " + detect_cuda_devices().reason,
                "build it where nvcc is, with -DKAISAR_CUDA=ON");
}

} // namespace kaisar::kernels
