// The ways through main memory on one core, all variants, STREAM's own loops and the C library's, in turns; bytes
// counted as STREAM does. Where mbw and likwid-bench are installed they run in between, each in a process of its own.
//
//     compare_memory [MiB of each array]
#include "interleaved.h"
#include "kernels/memory/variants.h"
#include "workloads/job.h"

#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <memory>

using namespace kaisar;
using namespace kaisar::tests;

namespace {

/// STREAM's loops, as its makefile compiles them: plain C, -O3, for the processor at hand or for any.
struct StreamLoops {
    static constexpr double factor = 3;
#pragma GCC push_options
#pragma GCC optimize("O3")
    [[gnu::noinline]] static void copy(double* __restrict__ c, const double* __restrict__ a, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            c[i] = a[i];
            __asm__ volatile("" : : :); // or GCC would call memcpy, which is another contender
        }
    }
    [[gnu::noinline]] static void triad(double* __restrict__ c, const double* __restrict__ a,
                                        const double* __restrict__ b, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) c[i] = a[i] + factor * b[i];
    }
    [[gnu::noinline, gnu::target("avx512f")]] static void
    wide_triad(double* __restrict__ c, const double* __restrict__ a, const double* __restrict__ b, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) c[i] = a[i] + factor * b[i];
    }
    [[gnu::noinline]] static double sum(const double* a, std::size_t n) {
        double sums[8] = {};
        for (std::size_t i = 0; i + 8 <= n; i += 8)
            for (std::size_t j = 0; j < 8; ++j) sums[j] += a[i + j];
        return sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
    }
#pragma GCC pop_options
};

/// Or the compiler would see that nobody wants to know.
template <class Value>
void keep(Value value) {
    __asm__ volatile("" : : "m"(value));
}

void print(const char* what, const std::vector<Timing>& timings) {
    fmt::print("{}\n", what);
    for (const auto& timing : timings) fmt::print("  {:34} {:7.2f} GB/s\n", timing.name, timing.rate * 1e-9);
    std::fflush(stdout);
}

void compare(std::size_t n) {
    Pages<double> a(n), b(n), c(n);
    Splitmix random(1);
    for (std::size_t i = 0; i < n; ++i) {
        a[i] = static_cast<double>(random.next());
        b[i] = static_cast<double>(random.next());
        c[i] = static_cast<double>(random.next());
    }
    const auto features = detect_cpu_features();
    std::vector<Contender> read, write, copy, triad;
    const auto bytes = static_cast<double>(n * sizeof(double));
    for (const auto& variant : kernels::memory_variants()) {
        if (!features.includes(variant.required)) continue;
        const auto kernel = variant.function;
        const std::string name(variant.name);
        read.push_back({name, bytes, [&a, kernel, n] { keep(kernel.read(a.data(), n)); }});
        write.push_back({name, bytes, [&c, kernel, n] { kernel.write(c.data(), 1.5, n); }});
        copy.push_back({name, 2 * bytes, [&a, &c, kernel, n] { kernel.copy(c.data(), a.data(), n); }});
        triad.push_back(
            {name, 3 * bytes, [&a, &b, &c, kernel, n] { kernel.triad(c.data(), a.data(), b.data(), 3, n); }});
    }
    read.push_back({"plain loop", bytes, [&] { keep(StreamLoops::sum(a.data(), n)); }});
    write.push_back({"memset", bytes, [&] { std::memset(c.data(), 1, n * sizeof(double)); }});
    copy.push_back({"STREAM copy, plain loop", 2 * bytes, [&] { StreamLoops::copy(c.data(), a.data(), n); }});
    copy.push_back({"memcpy", 2 * bytes, [&] { std::memcpy(c.data(), a.data(), n * sizeof(double)); }});
    triad.push_back({"STREAM triad, SSE2", 3 * bytes, [&] { StreamLoops::triad(c.data(), a.data(), b.data(), n); }});
    if (features.includes(CpuFeature::avx512))
        triad.push_back(
            {"STREAM triad, AVX-512", 3 * bytes, [&] { StreamLoops::wide_triad(c.data(), a.data(), b.data(), n); }});
    constexpr int rounds = 9;
    print("read", time_in_turns(read, rounds, 0.01));
    print("write", time_in_turns(write, rounds, 0.01));
    print("copy", time_in_turns(copy, rounds, 0.01));
    print("triad", time_in_turns(triad, rounds, 0.01));
}

/// Programs of others count as they please: their words are repeated as they are.
void run_others(std::size_t mib) {
    const auto run = [](const std::string& program, const std::string& command) {
        if (std::system(fmt::format("command -v {} >/dev/null 2>&1", program).c_str()) != 0) {
            fmt::print("{} is left out: it is not installed\n", program);
            std::fflush(stdout);
            return;
        }
        fmt::print("{}\n", command);
        std::fflush(stdout);
        if (std::system(command.c_str()) != 0) fmt::print("  it failed\n");
    };
    run("mbw", fmt::format("taskset -c 0 mbw -q -n 5 {} | grep AVG", mib));
    for (const auto* test : {"load_avx512", "store_mem_avx512", "copy_mem_avx512", "triad_mem_avx512_fma"})
        run("likwid-bench", fmt::format("likwid-bench -t {} -w N:{}MB:1 2>/dev/null | grep MByte/s", test, 3 * mib));
}

} // namespace

int main(int count, char** words) {
    const auto mib = count > 1 ? std::strtoull(words[1], nullptr, 10) : 512;
    compare((mib << 20) / sizeof(double));
    run_others(mib);
}
