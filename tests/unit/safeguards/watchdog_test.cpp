#include "safeguards/watchdog.h"

#include <catch2/catch.hpp>
#include <future>

using namespace kaisar;
using namespace std::chrono_literals;

namespace {
constexpr auto patience = 60s; // for a machine that is busy otherwise; what is waited for comes at once
} // namespace

TEST_CASE("A watchdog expires once its deadline has passed, even while this thread never comes back to it") {
    std::promise<std::chrono::steady_clock::time_point> expired;
    auto moment = expired.get_future();
    Watchdog watchdog([&] { expired.set_value(std::chrono::steady_clock::now()); });
    const auto deadline = std::chrono::steady_clock::now() + 50ms;
    watchdog.expect_end_by(deadline);
    volatile std::uint64_t spin = 0; // a kernel that hangs
    while (moment.wait_for(0s) != std::future_status::ready) spin = spin + 1;
    CHECK(moment.get() >= deadline);
}

TEST_CASE("A deadline that is moved away does not expire, one that is moved nearer does") {
    std::promise<void> expired;
    auto moment = expired.get_future();
    Watchdog watchdog([&] { expired.set_value(); });
    watchdog.expect_end_by(std::chrono::steady_clock::now() + patience);
    watchdog.expect_end_by(std::chrono::steady_clock::now() + 10ms);
    CHECK(moment.wait_for(patience) == std::future_status::ready);
}

TEST_CASE("A watchdog whose run ends in time never barks") {
    bool has_barked = false;
    {
        Watchdog idle([&] { has_barked = true; });
        Watchdog patient([&] { has_barked = true; });
        patient.expect_end_by(std::chrono::steady_clock::now() + patience);
    }
    CHECK_FALSE(has_barked);
}
