#include "hardware/inventory.h"
#include "kernels/memory/variants.h"
#include "workloads/job.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <memory>

namespace kaisar {
namespace {

using kernels::best_variant;
using kernels::require_variant;

/// Far larger than the caches, and no more than an eighth of what is free.
std::size_t choose_bytes(const JobSettings& s, std::size_t most_bytes) {
    if (s.size_bytes != 0) return s.size_bytes;
    return std::min<std::uint64_t>(most_bytes, detect_available_memory_bytes() / 8);
}

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

Job make_stream(const JobSettings& s, Pass pass, std::size_t arrays, std::string_view name) {
    const auto table = kernels::memory_variants();
    const auto& variant =
        s.variant.empty() ? best_variant(table, s.features) : require_variant(table, s.features, s.variant);
    const std::size_t n = std::max<std::size_t>(1, choose_bytes(s, stream_bytes) / sizeof(double));
    Job job;
    job.variant = variant.name;
    job.bytes = arrays * n * sizeof(double);
    job.work_per_round = static_cast<double>(job.bytes);
    require_memory(job.bytes, name);
    const auto stream = std::make_shared<Stream>(s, pass, n);
    job.run = [stream, kernel = variant.function](unsigned thread, std::uint64_t rounds) {
        for (; rounds != 0; --rounds) stream->run(kernel, thread);
    };
    job.poison = [stream] { stream->poison(); };
    job.has_right_answers = [stream] { return stream->has_right_answers(); };
    return job;
}

void require_plain(const JobSettings& s, std::string_view workload) {
    if (!s.variant.empty() && s.variant != "reference")
        throw Error(ErrorKind::usage, fmt::format("{} has no variant called {}", workload, s.variant),
                    "its only variant is: reference");
}

__extension__ using Wide = unsigned __int128;

/// Entry i holds mix(i), so the sum over any row of accesses can be computed without the table.
struct RandomAccess {
    static constexpr std::uint64_t accesses_per_round = 1 << 16;
    struct alignas(64) Answer {
        std::uint64_t rounds = 0, sum = 0;
    };

    RandomAccess(const JobSettings& s, std::size_t n) : table(n), answers(s.team.size()) {
        s.team.run([&](unsigned t) {
            const auto end = part_begin(n, t + 1, s.team.size());
            for (auto i = part_begin(n, t, s.team.size()); i < end; ++i) table[i] = Splitmix::mix(i);
        });
    }

    /// Calls `visit(index)` for the row of accesses of that thread: indices that depend on no earlier load.
    template <class Visit>
    void walk(unsigned thread, std::uint64_t rounds, Visit visit) const {
        std::uint64_t state = Splitmix::mix(thread);
        for (std::uint64_t i = 0; i < rounds * accesses_per_round; ++i) {
            state = state * 6364136223846793005u + 1442695040888963407u; // Knuth's MMIX generator
            visit(static_cast<std::size_t>(Wide{state} * table.size() >> 64));
        }
    }

    Pages<std::uint64_t> table;
    std::vector<Answer> answers;
};

/// A ring through all lines of a table in random order: where a walk of s steps ends is known beforehand.
struct Ring {
    static constexpr std::size_t line = 8; // words in a cache line

    explicit Ring(std::size_t lines) : next(lines * line), order(lines) {
        for (std::size_t i = 0; i < lines; ++i) order[i] = static_cast<std::uint32_t>(i);
        Splitmix random(7);
        for (std::size_t i = lines; i > 1; --i) std::swap(order[i - 1], order[random.next() % i]);
        for (std::size_t i = 0; i < lines; ++i) next[order[i] * line] = order[(i + 1) % lines] * line;
        position = order[0] * line;
    }

    Pages<std::uint64_t> next;
    Pages<std::uint32_t> order;
    std::uint64_t position = 0, steps = 0;
};

} // namespace

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

Job make_memory_random(const JobSettings& s) {
    require_plain(s, "memory-random");
    const std::size_t n = std::max<std::size_t>(1, choose_bytes(s, stream_bytes) / sizeof(std::uint64_t));
    Job job;
    job.variant = "reference";
    job.bytes = n * sizeof(std::uint64_t);
    job.work_per_round = static_cast<double>(RandomAccess::accesses_per_round * s.team.size());
    require_memory(job.bytes, "memory-random");
    const auto random = std::make_shared<RandomAccess>(s, n);
    job.run = [random](unsigned thread, std::uint64_t rounds) {
        std::uint64_t sum = 0;
        random->walk(thread, rounds, [&](std::size_t i) { sum += random->table[i]; });
        random->answers[thread] = {rounds, sum};
    };
    job.poison = [random] {
        for (auto& answer : random->answers) answer.sum = ~answer.sum;
    };
    job.has_right_answers = [random] {
        for (unsigned t = 0; t < random->answers.size(); ++t) {
            std::uint64_t sum = 0;
            random->walk(t, random->answers[t].rounds, [&](std::size_t i) { sum += Splitmix::mix(i); });
            if (sum != random->answers[t].sum) return false;
        }
        return true;
    };
    return job;
}

Job make_memory_latency(const JobSettings& s) {
    constexpr std::uint64_t steps_per_round = 1 << 14;
    constexpr std::size_t ring_bytes = 256u << 20;
    require_plain(s, "memory-latency");
    const std::size_t lines = std::max<std::size_t>(1, choose_bytes(s, ring_bytes) / 64);
    Job job;
    job.variant = "reference";
    job.bytes = lines * 64;
    job.work_per_round = static_cast<double>(steps_per_round);
    require_memory(job.bytes, "memory-latency");
    if (lines > std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorKind::usage, fmt::format("memory-latency cannot walk through {} bytes", job.bytes),
                    "at most 256 GiB");
    const auto ring = std::make_shared<Ring>(lines);
    job.run = [ring](unsigned, std::uint64_t rounds) {
        auto position = ring->position;
        const auto* const next = ring->next.data();
        for (std::uint64_t i = 0; i < rounds * steps_per_round; ++i) position = next[position];
        ring->position = position;
        ring->steps += rounds * steps_per_round;
    };
    job.poison = [] {}; // every step is an output and the next input
    job.has_right_answers = [ring] {
        return ring->position == ring->order[ring->steps % ring->order.size()] * Ring::line;
    };
    return job;
}

} // namespace kaisar
