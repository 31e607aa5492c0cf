/// Ends a run that hangs, whatever it hangs in: a thread of its own that nothing else can hold up.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace kaisar {

class Watchdog {
public:
    /// `on_expiry` is called once, in the watchdog's thread, when the deadline passes.
    explicit Watchdog(std::function<void()> on_expiry);
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    ~Watchdog();

    /// Replaces the deadline; without one nothing ever expires.
    void expect_end_by(std::chrono::steady_clock::time_point deadline);

private:
    void watch(const std::stop_token& stop);

    std::function<void()> on_expiry_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<std::chrono::steady_clock::time_point> deadline_;
    std::jthread thread_;
};

} // namespace kaisar
