// The ways through main memory: all variants, the C library's, and the loops that STREAM 5.10 and BabelStream 5.0 (omp)
// share, compiled as BabelStream compiles them (-O3 -march=native -fopenmp), in turns; bytes counted as STREAM does.
// Then mbw and likwid-bench where they are installed, each in a process of its own. The last lines are ours divided by
// the best of the others.
//
//     compare_memory [MiB of each array [threads]]
#include "interleaved.h"
#include "kernels/memory/variants.h"
#include "workloads/job.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <omp.h>

using namespace kaisar;
using namespace kaisar::tests;

namespace {

/// What every OpenMP benchmark of memory does, whatever it is called; a signed index, as theirs have.
struct OpenMpLoops {
    static constexpr double factor = 0.4;
    [[gnu::noinline]] static void copy(double* c, const double* a, std::ptrdiff_t n) {
#pragma omp parallel for
        for (std::ptrdiff_t i = 0; i < n; ++i) c[i] = a[i];
    }
    [[gnu::noinline]] static void fill(double* c, std::ptrdiff_t n) {
#pragma omp parallel for
        for (std::ptrdiff_t i = 0; i < n; ++i) c[i] = factor;
    }
    [[gnu::noinline]] static void triad(double* c, const double* a, const double* b, std::ptrdiff_t n) {
#pragma omp parallel for
        for (std::ptrdiff_t i = 0; i < n; ++i) c[i] = a[i] + factor * b[i];
    }
    [[gnu::noinline]] static double dot(const double* a, const double* b, std::ptrdiff_t n) {
        double sum = 0;
#pragma omp parallel for reduction(+ : sum)
        for (std::ptrdiff_t i = 0; i < n; ++i) sum += a[i] * b[i];
        return sum;
    }
};

/// Or the compiler would see that nobody wants to know.
template <class Value>
void keep(Value value) {
    __asm__ volatile("" : : "m"(value));
}

/// Calls `part(begin, count)` for a part in each thread, whole lines of the cache but for the last.
template <class Part>
void in_parts(std::size_t n, Part part) {
#pragma omp parallel
    {
        const auto threads = static_cast<std::size_t>(omp_get_num_threads());
        const auto index = static_cast<std::size_t>(omp_get_thread_num());
        constexpr std::size_t line = 8;
        const std::size_t begin = part_begin(n / line, index, threads) * line;
        const std::size_t end = index + 1 == threads ? n : part_begin(n / line, index + 1, threads) * line;
        part(begin, end - begin);
    }
}

/// GB/s: ours and everybody else's, the best of each.
struct Best {
    std::string ours, theirs;
    double our_rate = 0, their_rate = 0;

    void add(const std::string& name, double rate, std::size_t index, std::size_t count_ours) {
        if (index < count_ours && rate > our_rate) ours = name, our_rate = rate;
        if (index >= count_ours && rate > their_rate) theirs = name, their_rate = rate;
    }
};
using Bests = std::map<std::string, Best>;

class Patterns {
public:
    explicit Patterns(std::size_t n) : n_(n), a_(n), b_(n), c_(n) {
        in_parts(n, [&](std::size_t begin, std::size_t count) {
            Splitmix random(begin);
            for (std::size_t i = begin; i < begin + count; ++i)
                for (auto* array : {&a_, &b_, &c_}) (*array)[i] = static_cast<double>(random.next());
        });
    }

    /// Ours first.
    std::vector<Contender> contenders(const std::string& pattern) {
        const auto features = detect_cpu_features();
        const auto bytes = static_cast<double>(n_ * sizeof(double));
        std::vector<Contender> all;
        for (const auto& variant : kernels::memory_variants()) {
            if (!features.includes(variant.required)) continue;
            all.push_back({std::string(variant.name), bytes * arrays_of(pattern),
                           [this, pattern, kernel = variant.function] { run(pattern, kernel); }});
        }
        const auto count = static_cast<std::ptrdiff_t>(n_);
        if (pattern == "read")
            all.push_back({"OpenMP loop, dot", 2 * bytes,
                           [this, count] { keep(OpenMpLoops::dot(a_.data(), b_.data(), count)); }});
        if (pattern == "write") {
            all.push_back({"OpenMP loop", bytes, [this, count] { OpenMpLoops::fill(c_.data(), count); }});
            all.push_back({"memset", bytes, [this] {
                               in_parts(n_, [this](std::size_t begin, std::size_t part) {
                                   std::memset(c_.data() + begin, 1, part * sizeof(double));
                               });
                           }});
        }
        if (pattern == "copy") {
            all.push_back(
                {"OpenMP loop", 2 * bytes, [this, count] { OpenMpLoops::copy(c_.data(), a_.data(), count); }});
            all.push_back({"memcpy", 2 * bytes, [this] {
                               in_parts(n_, [this](std::size_t begin, std::size_t part) {
                                   std::memcpy(c_.data() + begin, a_.data() + begin, part * sizeof(double));
                               });
                           }});
        }
        if (pattern == "triad")
            all.push_back({"OpenMP loop", 3 * bytes,
                           [this, count] { OpenMpLoops::triad(c_.data(), a_.data(), b_.data(), count); }});
        return all;
    }

private:
    static double arrays_of(const std::string& pattern) { return pattern == "triad" ? 3 : pattern == "copy" ? 2 : 1; }

    void run(const std::string& pattern, const kernels::Memory& kernel) {
        in_parts(n_, [&](std::size_t begin, std::size_t count) {
            if (pattern == "read") keep(kernel.read(a_.data() + begin, count));
            if (pattern == "write") kernel.write(c_.data() + begin, 1.5, count);
            if (pattern == "copy") kernel.copy(c_.data() + begin, a_.data() + begin, count);
            if (pattern == "triad") kernel.triad(c_.data() + begin, a_.data() + begin, b_.data() + begin, 3, count);
        });
    }

    std::size_t n_;
    Pages<double> a_, b_, c_;
};

Bests compare(std::size_t n, Stopwatch stopwatch) {
    Bests bests;
    Patterns patterns(n);
    for (const std::string pattern : {"read", "write", "copy", "triad"}) {
        const auto contenders = patterns.contenders(pattern);
        const auto features = detect_cpu_features();
        std::size_t ours = 0;
        for (const auto& variant : kernels::memory_variants()) ours += features.includes(variant.required);
        fmt::print("{}\n", pattern);
        const auto timings = time_in_turns(contenders, 11, 0.01, nullptr, stopwatch);
        for (std::size_t i = 0; i < timings.size(); ++i) {
            fmt::print("  {:20} {:7.2f} GB/s\n", timings[i].name, timings[i].rate * 1e-9);
            bests[pattern].add(timings[i].name, timings[i].rate * 1e-9, i, ours);
        }
        std::fflush(stdout);
    }
    return bests;
}

/// The number that follows `mark` in what a program says, zero without one.
double figure_of(const std::string& command, std::string_view mark) {
    std::string said;
    FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return 0;
    char part[4096];
    while (std::fgets(part, sizeof part, pipe) != nullptr) said += part;
    ::pclose(pipe);
    const auto at = said.find(mark);
    return at == std::string::npos ? 0 : std::strtod(said.c_str() + at + mark.size(), nullptr);
}

/// Programs of others, in GB/s as STREAM counts: mbw counts one direction in MiB, likwid-bench both in MB.
void run_others(std::size_t mib, int threads, Bests& bests) {
    const auto add = [&](const std::string& pattern, const std::string& name, double rate) {
        if (rate == 0) {
            fmt::print("{} is left out: it is not installed, or has no such test\n", name);
            return;
        }
        fmt::print("{:28} {:7.2f} GB/s, {}\n", name, rate, pattern);
        bests[pattern].add(name, rate, 1, 0);
    };
    const auto likwid = [&](const std::string& pattern, const std::string& test, std::size_t arrays) {
        add(pattern, "likwid-bench " + test,
            1e-3 * figure_of(fmt::format("likwid-bench -t {} -w N:{}MB:{} 2>/dev/null", test, arrays * mib, threads),
                             "MByte/s:"));
    };
    for (const auto* test : {"load_avx", "load_avx512"}) likwid("read", test, 1);
    for (const auto* test : {"store_mem_avx", "store_mem_avx512"}) likwid("write", test, 1);
    for (const auto* test : {"copy_mem_avx", "copy_mem_avx512"}) likwid("copy", test, 2);
    for (const auto* test : {"triad_mem_avx_fma", "triad_mem_avx512_fma", "stream_mem_avx512"})
        likwid("triad", test, 3);
    if (threads > 1) return;
    for (const auto& [method, name] : {std::pair{0, "mbw memcpy"}, {1, "mbw assignment"}, {2, "mbw blocks"}})
        add("copy", name,
            2.0 * 1.048576e-3 *
                figure_of(fmt::format("taskset -c 0 mbw -q -t{} -n 5 {} 2>/dev/null | grep AVG", method, mib),
                          "Copy: "));
}

} // namespace

int main(int count, char** words) {
    const auto mib = count > 1 ? std::strtoull(words[1], nullptr, 10) : 512;
    const int threads = count > 2 ? static_cast<int>(std::strtol(words[2], nullptr, 10)) : 1;
    omp_set_num_threads(threads);
    auto bests = compare((mib << 20) / sizeof(double), threads == 1 ? Stopwatch::processor : Stopwatch::wall);
    run_others(mib, threads, bests);
    for (const auto& [pattern, best] : bests)
        fmt::print("{:6} ours {:7.2f} GB/s ({}), others {:7.2f} ({}): {:.2f}\n", pattern, best.our_rate, best.ours,
                   best.their_rate, best.theirs, best.our_rate / best.their_rate);
}
