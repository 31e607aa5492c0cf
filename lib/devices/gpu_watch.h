/// What a GPU did while it was measured.
#pragma once

#include "hardware/gpu_state.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace kaisar {

struct GpuConditions {
    std::vector<std::string> throttle_reasons; ///< what held the clock down, each once
    std::optional<unsigned> hottest_c;
    std::optional<unsigned> lowest_clock_mhz;
    std::optional<std::uint64_t> highest_power_mw;
};

/// Looks at a GPU from a thread of its own: once measuring ends the clock is back and the reasons are gone.
class GpuWatch {
public:
    using Look = std::function<std::optional<GpuState>()>;

    /// Begins. `look` is called from that thread, every hundredth of a second, at least once.
    explicit GpuWatch(Look look);
    GpuWatch(const GpuWatch&) = delete;
    GpuWatch& operator=(const GpuWatch&) = delete;
    /// Ends it, and says what was seen.
    GpuConditions finish();

private:
    void take_in(const GpuState& state);

    Look look_;
    GpuConditions seen_;
    std::mutex mutex_;
    std::condition_variable_any ended_;
    std::jthread thread_;
};

} // namespace kaisar
