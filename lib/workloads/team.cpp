#include "workloads/team.h"

#include "hardware/processors.h"

#include <algorithm>
#include <ctime>

namespace kaisar {
double thread_cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

Team::Team(std::span<const unsigned> processors) : times_(processors.size()) {
    for (unsigned index = 0; index < processors.size(); ++index)
        threads_.emplace_back([this, index, processor = processors[index]] { serve(index, processor); });
}

Team::~Team() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
}

double Team::run(const std::function<void(unsigned)>& work, TimedBy timed_by) {
    std::unique_lock lock(mutex_);
    work_ = &work;
    busy_ = size();
    ready_.store(0);
    ++generation_;
    wake_.notify_all();
    done_.wait(lock, [this] { return busy_ == 0; });
    if (timed_by == TimedBy::thread_cpu) return times_.front().cpu_s;
    auto start = times_.front().start, end = times_.front().end;
    for (const auto& times : times_) start = std::min(start, times.start), end = std::max(end, times.end);
    return std::chrono::duration<double>(end - start).count();
}

void Team::serve(unsigned index, unsigned processor) {
    pin_this_thread(processor); // a refusal costs steadiness, and the report shows that as spread
    unsigned served = 0;
    for (;;) {
        const std::function<void(unsigned)>* work = nullptr;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return ends_ || generation_ != served; });
            if (ends_) return;
            served = generation_;
            work = work_;
        }
        // All are awake before anyone starts, so that waking up is not measured.
        ready_.fetch_add(1);
        while (ready_.load() < size()) std::this_thread::yield();
        auto& times = times_[index];
        const double cpu_before = thread_cpu_seconds();
        times.start = std::chrono::steady_clock::now();
        (*work)(index);
        times.end = std::chrono::steady_clock::now();
        times.cpu_s = thread_cpu_seconds() - cpu_before;
        const std::lock_guard lock(mutex_);
        if (--busy_ == 0) done_.notify_one();
    }
}

} // namespace kaisar
