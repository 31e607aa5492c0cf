#include "hardware/inventory.h"
#include "kernels/memory/variants.h"
#include "workloads/job.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <memory>

namespace kaisar {
namespace {

using kernels::require_variant;

constexpr std::size_t stream_bytes = 512u << 20;

enum class Pass { read, write, copy, triad };

struct Stream {
    static constexpr double factor = 3, written = 1.5707963267948966;

    Stream(const JobSettings& s, Pass pass_, std::size_t n_)
        : pass(pass_), n(n_), threads(s.team.size()), a(pass == Pass::write ? 0 : n), b(pass == Pass::triad ? n : 0),
          c(pass == Pass::read ? 0 : n), read_sums(threads), right_sums(threads) {
        s.team.run([this](unsigned t) {
            Splitmix random(t);
            const auto value = [&] { return 1 + static_cast<double>(random.next() >> 12) * 0x1p-52; };
            for (auto i = begin(t); i < begin(t + 1); ++i) {
                if (a.size() != 0) a[i] = value();
                if (b.size() != 0) b[i] = value();
                if (c.size() != 0) c[i] = value();
            }
            if (pass == Pass::read)
                right_sums[t].sum = kernels::memory_read_reference(a.data() + begin(t), begin(t + 1) - begin(t));
        });
    }

    std::size_t begin(std::size_t thread) const { return part_begin(n, thread, threads); }

    void run(const kernels::Memory& kernel, unsigned t) {
        const auto at = begin(t), count = begin(t + 1) - at;
        if (pass == Pass::read) read_sums[t].sum = kernel.read(a.data() + at, count);
        if (pass == Pass::write) kernel.write(c.data() + at, written, count);
        if (pass == Pass::copy) kernel.copy(c.data() + at, a.data() + at, count);
        if (pass == Pass::triad) kernel.triad(c.data() + at, a.data() + at, b.data() + at, factor, count);
    }

    bool is_right(std::size_t i) const {
        if (pass == Pass::write) return c[i] == written;
        if (pass == Pass::copy) return c[i] == a[i];
        return std::abs(c[i] - (a[i] + factor * b[i])) <= 2 * std::numeric_limits<double>::epsilon() * c[i];
    }

    bool has_right_answers() const {
        constexpr std::size_t checked_elements = 1 << 16;
        if (pass == Pass::read)
            return std::equal(read_sums.begin(), read_sums.end(), right_sums.begin(),
                              [](const auto& x, const auto& y) { return x.sum == y.sum; });
        Splitmix random(5);
        for (std::size_t check = 0; check < checked_elements; ++check)
            if (!is_right(random.next() % n)) return false;
        return is_right(0) && is_right(n - 1);
    }

    void poison() {
        for (auto& sum : read_sums) sum.sum = 0;
        for (std::size_t i = 0; i < c.size(); ++i) c[i] = -1;
    }

    struct alignas(64) Sum {
        std::uint64_t sum = 0;
    };
    Pass pass;
    std::size_t n, threads;
    Pages<double> a, b, c;
    std::vector<Sum> read_sums, right_sums;
};

/// The variant that is the fastest here: a few passes of each in turns. No table knows, since it depends on the
/// processor, the arrays and the number of threads.
const kernels::Variant<kernels::Memory>& find_fastest(const JobSettings& s, Stream& stream) {
    constexpr int trials = 3;
    const kernels::Variant<kernels::Memory>* fastest = nullptr;
    std::map<const kernels::Variant<kernels::Memory>*, double> shortest_s;
    for (int trial = 0; trial < trials; ++trial)
        for (const auto& variant : kernels::memory_variants()) {
            if (!s.features.includes(variant.required)) continue;
            const double took_s = s.team.run([&](unsigned t) { stream.run(variant.function, t); });
            const auto [known, is_new] = shortest_s.try_emplace(&variant, took_s);
            if (!is_new) known->second = std::min(known->second, took_s);
        }
    for (const auto& variant : kernels::memory_variants())
        if (shortest_s.contains(&variant) && (fastest == nullptr || shortest_s[&variant] < shortest_s[fastest]))
            fastest = &variant;
    return *fastest;
}

Job make_stream(const JobSettings& s, Pass pass, std::size_t arrays, std::string_view name) {
    const std::size_t n = std::max<std::size_t>(1, choose_array_bytes(s, stream_bytes) / sizeof(double));
    Job job;
    job.bytes = arrays * n * sizeof(double);
    job.work_per_round = static_cast<double>(job.bytes);
    require_memory(job.bytes, name);
    if (!s.variant.empty()) require_variant(kernels::memory_variants(), s.features, s.variant);
    const auto stream = std::make_shared<Stream>(s, pass, n);
    const auto& variant = s.variant.empty() ? find_fastest(s, *stream)
                                            : require_variant(kernels::memory_variants(), s.features, s.variant);
    job.variant = variant.name;
    job.run = [stream, kernel = variant.function](unsigned thread, std::uint64_t rounds) {
        for (; rounds != 0; --rounds) stream->run(kernel, thread);
    };
    job.poison = [stream] { stream->poison(); };
    job.has_right_answers = [stream] { return stream->has_right_answers(); };
    return job;
}

} // namespace

std::size_t choose_array_bytes(const JobSettings& s, std::size_t most_bytes) {
    if (s.size_bytes != 0) return s.size_bytes;
    return std::min<std::uint64_t>(most_bytes, detect_available_memory_bytes() / 8);
}

void require_memory(std::uint64_t size_bytes, std::string_view workload) {
    const auto available = detect_available_memory_bytes();
    if (size_bytes > available / 10 * 9)
        throw Error(ErrorKind::environment,
                    fmt::format("{} would need {} bytes of memory, {} are available", workload, size_bytes, available),
                    "--size makes it less");
}

Job make_memory_read(const JobSettings& s) { return make_stream(s, Pass::read, 1, "memory-read"); }
Job make_memory_write(const JobSettings& s) { return make_stream(s, Pass::write, 1, "memory-write"); }
Job make_memory_copy(const JobSettings& s) { return make_stream(s, Pass::copy, 2, "memory-copy"); }
Job make_memory_triad(const JobSettings& s) { return make_stream(s, Pass::triad, 3, "memory-triad"); }

} // namespace kaisar
