#include "slots/device_threads.h"

#include <exception>
#include <mutex>
#include <thread>

namespace kaisar {

std::vector<std::optional<Error>> run_each(std::size_t count, const std::function<void(std::size_t)>& work,
                                           std::stop_source stop) {
    std::vector<std::optional<Error>> failures(count);
    std::mutex mutex;
    std::exception_ptr fatal;
    const auto guarded = [&](std::size_t i) {
        try {
            work(i);
            return;
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::environment || error.kind() == ErrorKind::mismatch) {
                failures[i] = error;
                return;
            }
            const std::lock_guard lock(mutex);
            if (!fatal) fatal = std::current_exception();
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!fatal) fatal = std::current_exception();
        }
        stop.request_stop();
    };
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 1; i < count; ++i) threads.emplace_back(guarded, i);
        if (count > 0) guarded(0);
    }
    if (fatal) std::rethrow_exception(fatal);
    return failures;
}

} // namespace kaisar
