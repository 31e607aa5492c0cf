#include "devices/gpu_watch.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <semaphore>

using namespace kaisar;

TEST_CASE("A watch keeps the worst of all looks, and each reason once") {
    std::atomic<unsigned> looks = 0;
    std::counting_semaphore<> seen(0);
    GpuWatch watch([&]() -> std::optional<GpuState> {
        const unsigned look = looks++;
        GpuState state;
        if (look == 0) state.throttle_reasons = {"sw-power-cap"}, state.temperature_c = 70;
        if (look == 1) state.throttle_reasons = {"hw-thermal", "sw-power-cap"}, state.core_clock_mhz = 1200;
        if (look == 2) state.core_clock_mhz = 1900, state.power_mw = 300'000, state.temperature_c = 60;
        if (look < 3) seen.release();
        return look == 3 ? std::nullopt : std::optional(state);
    });
    for (int i = 0; i < 3; ++i) seen.acquire();
    const auto conditions = watch.finish();
    CHECK(conditions.throttle_reasons == std::vector<std::string>{"sw-power-cap", "hw-thermal"});
    CHECK(conditions.hottest_c == 70u);
    CHECK(conditions.lowest_clock_mhz == 1200u);
    CHECK(conditions.highest_power_mw == 300'000u);
}

TEST_CASE("A watch that ends at once has looked, and one without a driver has seen nothing") {
    GpuState hot;
    hot.throttle_reasons = {"hw-thermal"};
    CHECK(GpuWatch([&] { return std::optional(hot); }).finish().throttle_reasons.size() == 1);
    const auto nothing = GpuWatch([]() -> std::optional<GpuState> { return std::nullopt; }).finish();
    CHECK((nothing.throttle_reasons.empty() && !nothing.hottest_c && !nothing.lowest_clock_mhz));
}
