/// The same workloads on a GPU. Inputs are made on the device from a keyed generator, so that the host knows every byte
/// without having seen it and can check any part of the answers.
#pragma once

#include "kernels/device_stream.h"
#include "workloads/job.h"

namespace kaisar {

struct DeviceJobSettings {
    kernels::DeviceStream& device; ///< outlives the job; used by the one thread that runs it
    CpuFeatures features;          ///< of the host, which checks
    std::size_t m = 0, n = 0, k = 0;
    std::size_t size_bytes = 0;
};

using MakeDeviceJob = Job (*)(const DeviceJobSettings& settings);

/// Of the workload of that name; null where this version has no GPU kernel for it. A product's edges are multiples of
/// 128, the length of its sums of 64: Error(usage) otherwise. memory-random reads blocks of 64 bytes, as the walk of a
/// memory proof does. Kernels that no proof uses answer a known case first: Error(mismatch). Error(environment) where
/// the device has no instruction for it.
MakeDeviceJob find_device_workload(std::string_view name);
/// The register-only ceiling to compare it with; null where there is none.
MakeDeviceJob find_device_ceiling(std::string_view name);

Job make_device_gemm_s8(const DeviceJobSettings& settings);
Job make_device_gemm_f32(const DeviceJobSettings& settings);
Job make_device_gemm_bf16(const DeviceJobSettings& settings);
Job make_device_peak_s8(const DeviceJobSettings& settings);
Job make_device_peak_f32(const DeviceJobSettings& settings);
Job make_device_peak_f64(const DeviceJobSettings& settings);
Job make_device_peak_bf16(const DeviceJobSettings& settings);
Job make_device_memory_read(const DeviceJobSettings& settings);
Job make_device_memory_write(const DeviceJobSettings& settings);
Job make_device_memory_copy(const DeviceJobSettings& settings);
Job make_device_memory_triad(const DeviceJobSettings& settings);
Job make_device_memory_latency(const DeviceJobSettings& settings);
Job make_device_pcie_h2d(const DeviceJobSettings& settings);
Job make_device_pcie_d2h(const DeviceJobSettings& settings);
Job make_device_pcie_both(const DeviceJobSettings& settings);

} // namespace kaisar
