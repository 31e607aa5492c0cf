#include "safeguards/watchdog.h"

namespace kaisar {

Watchdog::Watchdog(std::function<void()> on_expiry)
    : on_expiry_(std::move(on_expiry)), thread_([this](const std::stop_token& stop) { watch(stop); }) {}

Watchdog::~Watchdog() {
    thread_.request_stop();
    thread_.join();
}

void Watchdog::expect_end_by(std::chrono::steady_clock::time_point deadline) {
    {
        const std::lock_guard lock(mutex_);
        deadline_ = deadline;
    }
    changed_.notify_all();
}

void Watchdog::watch(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        const auto deadline = deadline_;
        const auto is_moved = [&] { return deadline_ != deadline; };
        if (!deadline)
            changed_.wait(lock, stop, is_moved);
        else if (!changed_.wait_until(lock, stop, *deadline, is_moved) && !stop.stop_requested())
            break;
    }
    lock.unlock();
    if (!stop.stop_requested()) on_expiry_();
}

} // namespace kaisar
