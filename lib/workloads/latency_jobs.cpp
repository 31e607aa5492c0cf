// Single accesses: many at a time at random places, and one after the other, each where the one before says.
#include "kernels/clock_chain/variants.h"
#include "workloads/job.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>
#include <memory>

namespace kaisar {
namespace {

constexpr std::size_t random_bytes = 512u << 20;

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

/// A ring through the lines of a table in random order: where a walk of s steps ends is known beforehand. Each line
/// begins with the address of the next.
class Ring {
public:
    explicit Ring(std::size_t most_lines) : lines_(most_lines * line_words), order_(most_lines) { link(most_lines); }

    /// Leads through the first `lines` lines from now on.
    void link(std::size_t lines) {
        count_ = lines;
        for (std::size_t i = 0; i < lines; ++i) order_[i] = static_cast<std::uint32_t>(i);
        Splitmix random(7);
        for (std::size_t i = lines; i > 1; --i) std::swap(order_[i - 1], order_[random.next() % i]);
        for (std::size_t i = 0; i < lines; ++i) *place(i) = reinterpret_cast<std::uintptr_t>(place((i + 1) % lines));
        position_ = place(0);
        steps_ = 0;
    }

    void walk(std::uint64_t steps) {
        const auto* at = position_;
        for (std::uint64_t i = 0; i < steps; i += unrolled) {
#pragma GCC unroll 16
            for (std::uint64_t j = 0; j < unrolled; ++j) at = reinterpret_cast<const std::uintptr_t*>(*at);
        }
        position_ = at;
        steps_ += steps;
    }

    bool is_where_it_should_be() { return position_ == place(steps_ % count_); }

    /// Walks take a multiple of so many steps.
    static constexpr std::uint64_t unrolled = 16;
    static constexpr std::size_t line_bytes = 64;

private:
    static constexpr std::size_t line_words = line_bytes / sizeof(std::uintptr_t);
    std::uintptr_t* place(std::size_t i) { return lines_.data() + order_[i] * line_words; }

    Pages<std::uintptr_t> lines_;
    Pages<std::uint32_t> order_;
    std::size_t count_ = 0;
    const std::uintptr_t* position_ = nullptr;
    std::uint64_t steps_ = 0;
};

/// One step of the staircase: a walk and the clock in turns, so that both see the same frequency.
LatencyStep measure_step(Ring& ring, Team& team, std::size_t lines) {
    constexpr std::uint64_t warm_steps = 1 << 18, chain_additions = 1 << 18;
    constexpr double sample_s = 0.0008;
    constexpr std::size_t samples = 9;
    const auto chain = kernels::clock_chain_variants().front().function;
    ring.link(lines);
    std::uint64_t steps = 1024;
    std::array<double, samples> seconds{}, cycles{};
    team.run([&](unsigned) {
        ring.walk(std::min<std::uint64_t>(2 * lines, warm_steps) / Ring::unrolled * Ring::unrolled + Ring::unrolled);
        const double start_s = thread_cpu_seconds();
        ring.walk(steps);
        const double took_s = std::max(thread_cpu_seconds() - start_s, 1e-7);
        steps = static_cast<std::uint64_t>(static_cast<double>(steps) * std::max(1.0, sample_s / took_s)) /
                Ring::unrolled * Ring::unrolled;
        for (std::size_t i = 0; i < samples; ++i) {
            const double before_s = thread_cpu_seconds();
            ring.walk(steps);
            const double between_s = thread_cpu_seconds();
            if (chain(chain_additions, 1) != chain_additions) return;
            const double after_s = thread_cpu_seconds();
            seconds[i] = (between_s - before_s) / static_cast<double>(steps);
            cycles[i] = seconds[i] * chain_additions / (after_s - between_s);
        }
    });
    std::ranges::sort(seconds);
    std::ranges::sort(cycles);
    return {lines * Ring::line_bytes, seconds[samples / 2], cycles[samples / 2]};
}

/// Sizes a factor of the square root of two apart, up to the ring's own.
std::vector<LatencyStep> measure_staircase(Ring& ring, Team& team, std::size_t most_lines) {
    constexpr std::size_t fewest_lines = 64; // 4 KiB
    std::vector<LatencyStep> steps;
    for (std::size_t lines = fewest_lines; lines <= most_lines; lines *= 2) {
        steps.push_back(measure_step(ring, team, lines));
        if (const auto between = lines * 181 / 128; between <= most_lines)
            steps.push_back(measure_step(ring, team, between));
    }
    return steps;
}

} // namespace

Job make_memory_random(const JobSettings& s) {
    require_plain(s, "memory-random");
    const std::size_t n = std::max<std::size_t>(1, choose_array_bytes(s, random_bytes) / sizeof(std::uint64_t));
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
    const std::size_t lines = std::max<std::size_t>(1, choose_array_bytes(s, ring_bytes) / Ring::line_bytes);
    Job job;
    job.variant = "reference";
    job.bytes = lines * Ring::line_bytes;
    job.work_per_round = static_cast<double>(steps_per_round);
    require_memory(job.bytes, "memory-latency");
    if (lines > std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorKind::usage, fmt::format("memory-latency cannot walk through {} bytes", job.bytes),
                    "at most 256 GiB");
    const auto ring = std::make_shared<Ring>(lines);
    job.run = [ring](unsigned, std::uint64_t rounds) { ring->walk(rounds * steps_per_round); };
    job.poison = [] {}; // every step is an output and the next input
    job.has_right_answers = [ring] { return ring->is_where_it_should_be(); };
    job.survey = [ring, lines, &team = s.team] { return measure_staircase(*ring, team, lines); };
    return job;
}

} // namespace kaisar
