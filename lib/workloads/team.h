/// Threads that stay on their processors, start together and are timed together.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace kaisar {

/// What a time is taken by: one thread by its processor time, which another process on the machine hardly moves;
/// several by the wall, since they wait for one another.
enum class TimedBy { thread_cpu, wall };

/// Processor time of the calling thread.
double thread_cpu_seconds();

class Team {
public:
    /// One thread per processor of the list, pinned to it where the system allows.
    explicit Team(std::span<const unsigned> processors);
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;
    ~Team();

    unsigned size() const { return static_cast<unsigned>(threads_.size()); }
    TimedBy timed_by() const { return size() == 1 ? TimedBy::thread_cpu : TimedBy::wall; }

    /// Calls `work(index)` once on every thread and returns the seconds from the first start to the last end.
    double run(const std::function<void(unsigned index)>& work) { return run(work, timed_by()); }
    double run(const std::function<void(unsigned index)>& work, TimedBy timed_by);

private:
    void serve(unsigned index, unsigned processor);

    struct alignas(64) Times { // a cache line each
        std::chrono::steady_clock::time_point start, end;
        double cpu_s = 0;
    };

    std::mutex mutex_;
    std::condition_variable wake_, done_;
    const std::function<void(unsigned)>* work_ = nullptr;
    unsigned generation_ = 0;
    unsigned busy_ = 0;
    bool ends_ = false;
    std::atomic<unsigned> ready_{0};
    std::vector<Times> times_;
    std::vector<std::thread> threads_;
};

} // namespace kaisar
