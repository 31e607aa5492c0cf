/// Small cases of the kernels that no proof uses: each is asked before a benchmark that runs it. Error(mismatch) when
/// the device answers wrongly, naming the kernel.
#pragma once

#include "kernels/device_stream.h"

#include <array>
#include <string_view>

namespace kaisar {

[[noreturn]] void throw_wrong_answer(const kernels::DeviceStream& device, std::string_view kernel);

void require_right_gemm_f32(kernels::DeviceStream& device);
void require_right_gemm_bf16(kernels::DeviceStream& device, std::size_t variant);
void require_right_peak_fma(kernels::DeviceStream& device, kernels::DeviceNumber number);
void require_right_peak_bf16(kernels::DeviceStream& device, std::size_t variant);

/// The bits of x after so many rounds of x = factor * x + term from zero.
std::uint64_t end_of_chain(kernels::DeviceNumber number, std::size_t rounds, double factor, double term);

/// Whole numbers of at most 8 in magnitude as bfloat16, and the sum of their products.
struct SmallNumbers {
    std::array<std::uint16_t, 16> a, b;
    std::int64_t product;
};
const SmallNumbers& small_numbers();

} // namespace kaisar
