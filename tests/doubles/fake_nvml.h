/// What the two parts of the driver's test double share.
#pragma once

inline constexpr int nvml_unknown_error = 999, nvml_gpu_is_lost = 15;

bool fails(const char* function);
