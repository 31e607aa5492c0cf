/// What each .cu of a kernel offers to device_stream.cu: functions that queue a kernel in a CUDA stream and give CUDA's
/// answer, zero for success. Addresses are the device's; the arguments mean what they mean in DeviceStream.
#pragma once

#include "kernels/device_stream.h"

namespace kaisar::kernels::device {

int launch_chacha8(void* stream, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, void* out,
                   std::size_t count);

int launch_gemm_s8_dp4a(void* stream, const DeviceGemm& arguments);
int launch_gemm_s8_turing(void* stream, const DeviceGemm& arguments);
int launch_gemm_s8_mma(void* stream, const DeviceGemm& arguments);
/// As launch_gemm_s8_mma where n is no multiple of 256.
int launch_gemm_s8_wgmma(void* stream, const DeviceGemm& arguments);

int launch_gemm_s8_mma_f16(void* stream, const DeviceGemm& arguments);
int launch_gemm_f32(void* stream, const DeviceGemm& arguments);
int launch_gemm_bf16_mma(void* stream, const DeviceGemm& arguments);
/// As launch_gemm_bf16_mma where n is no multiple of 256.
int launch_gemm_bf16_wgmma(void* stream, const DeviceGemm& arguments);

int launch_hash_tiles(void* stream, const DeviceHash& hash, const DeviceTiles& tiles, void* digests);
int launch_hash_messages(void* stream, const DeviceHash& hash, const void* messages, std::size_t blocks,
                         std::size_t count, void* digests);
int launch_page_fill(void* stream, const void* starts, std::size_t blocks, std::size_t passes, void* pages,
                     std::size_t count);
int launch_walk(void* stream, const void* memory, std::uint64_t blocks, void* states, std::size_t count,
                std::size_t steps);
int launch_pass(void* stream, DevicePass pass, const DevicePassArguments& arguments);
int launch_mask(void* stream, void* words, std::size_t count, std::uint32_t keep, std::uint32_t set);
int launch_chase(void* stream, DeviceAddress start, std::size_t steps, void* out);
/// All give the operations that they queued.
int launch_peak_s8_dp4a(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                        const std::int8_t* b, void* sum, double* operations);
int launch_peak_s8_turing(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                          const std::int8_t* b, void* sum, double* operations);
int launch_peak_s8_mma(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                       const std::int8_t* b, void* sum, double* operations);
int launch_peak_s8_wgmma(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                         const std::int8_t* b, void* sum, double* operations);
int launch_peak_s8_mma_f16(void* stream, unsigned multiprocessors, std::size_t rounds, const std::int8_t* a,
                           const std::int8_t* b, void* sum, double* operations);
int launch_peak_fma(void* stream, unsigned multiprocessors, DeviceNumber number, std::size_t rounds, double factor,
                    double term, void* sum, double* operations);
int launch_peak_bf16_mma(void* stream, unsigned multiprocessors, std::size_t rounds, const std::uint16_t* a,
                         const std::uint16_t* b, void* sum, double* operations);
int launch_peak_bf16_wgmma(void* stream, unsigned multiprocessors, std::size_t rounds, const std::uint16_t* a,
                           const std::uint16_t* b, void* sum, double* operations);

int launch_trace_nearest(void* stream, const DeviceTree& tree, const DeviceRays& rays, const DeviceHits& hits);
int launch_trace_blocked(void* stream, const DeviceTree& tree, const DeviceRays& rays, void* blocked);

} // namespace kaisar::kernels::device
