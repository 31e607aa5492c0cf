/// What the two parts of the driver's test double share.
#pragma once

/// Handles from this one on are those of instances.
inline constexpr unsigned first_instance = 100;
inline constexpr int nvml_unknown_error = 999, nvml_gpu_is_lost = 15;

bool fails(const char* function);
