#include "devices/gpu_watch.h"

#include <algorithm>
#include <chrono>

namespace kaisar {

GpuWatch::GpuWatch(Look look)
    : look_(std::move(look)), thread_([this](const std::stop_token& stop) {
          constexpr std::chrono::milliseconds interval{10};
          do {
              if (const auto state = look_()) take_in(*state);
              std::unique_lock lock(mutex_);
              ended_.wait_for(lock, stop, interval, [] { return false; });
          } while (!stop.stop_requested());
      }) {}

void GpuWatch::take_in(const GpuState& state) {
    for (const auto& reason : state.throttle_reasons)
        if (std::ranges::find(seen_.throttle_reasons, reason) == seen_.throttle_reasons.end())
            seen_.throttle_reasons.push_back(reason);
    if (state.temperature_c) seen_.hottest_c = std::max(seen_.hottest_c.value_or(0), *state.temperature_c);
    if (state.power_mw) seen_.highest_power_mw = std::max(seen_.highest_power_mw.value_or(0), *state.power_mw);
    if (state.core_clock_mhz)
        seen_.lowest_clock_mhz =
            std::min(seen_.lowest_clock_mhz.value_or(*state.core_clock_mhz), *state.core_clock_mhz);
}

GpuConditions GpuWatch::finish() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return seen_;
}

} // namespace kaisar
