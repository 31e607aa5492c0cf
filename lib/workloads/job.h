/// A workload made ready to run: memory touched, inputs random, the right answers known.
#pragma once

#include "bytes/bytes.h"
#include "error/error.h"
#include "hardware/cpu_features.h"
#include "workloads/team.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <vector>

namespace kaisar {

/// The line to somebody who sends and takes what a measurement needs. Each call is one exchange, and throws when it
/// fails or what came is not what had to come.
struct NetworkLine {
    std::function<void(std::uint64_t bytes)> download, upload;
    std::function<void()> ping;
};

struct JobSettings {
    Team& team;
    CpuFeatures features;
    std::string_view variant; ///< empty: the best that this processor can execute
    /// Zero means the workload's own choice. Products have all three, everything else has bytes.
    std::size_t m = 0, n = 0, k = 0;
    std::size_t size_bytes = 0;
    /// Where disk workloads put their file; empty: they cannot run.
    std::filesystem::path scratch_folder = {};
    /// What network workloads talk to; null: they cannot run.
    const NetworkLine* line = nullptr;
};

/// How long a dependent access takes within so many bytes.
struct LatencyStep {
    std::uint64_t bytes;
    double seconds, cycles;
};

/// What a workload drew, to be looked at.
struct Picture {
    std::string description; ///< one sentence, for those who cannot see it
    unsigned width = 0, height = 0;
    Bytes png;
};

struct Job {
    std::string variant;
    std::string note = {}; ///< what else has to be known about the figure; usually empty
    std::size_t m = 0, n = 0, k = 0;
    std::uint64_t bytes = 0; ///< of memory that a round touches
    /// What takes most of its time waiting is timed by the wall, whatever the team is timed by.
    std::optional<TimedBy> timed_by = {};
    double work_per_round = 0; ///< of all threads together, in the workload's unit
    /// Of one sample, where somebody else counts what he is asked for; zero: as many as a sample has room for. There
    /// are no more than forty samples then, unless more were asked for.
    std::uint64_t most_rounds = 0;
    /// One thread's part of `rounds` rounds.
    std::function<void(unsigned thread, std::uint64_t rounds)> run;
    /// Overwrites the outputs, so that answers can only come from what runs after it.
    std::function<void()> poison;
    /// Checks what the last run left behind.
    std::function<bool()> has_right_answers;
    /// Draws what was computed; empty where there is nothing to look at. Asked for once, after the samples.
    std::function<Picture()> draw = {};
    /// Walks through smaller and smaller parts of the memory; empty elsewhere. After it the outputs are gone.
    std::function<std::vector<LatencyStep>()> survey = {};
};

Job make_gemm_s8(const JobSettings& settings);
Job make_gemm_f32(const JobSettings& settings);
Job make_gemm_f64(const JobSettings& settings);
Job make_gemm_bf16(const JobSettings& settings);
/// Their `variant` may name one of the products' variants: the ceiling of the same instruction set is taken then.
Job make_peak_s8(const JobSettings& settings);
Job make_peak_f32(const JobSettings& settings);
Job make_peak_f64(const JobSettings& settings);
Job make_peak_bf16(const JobSettings& settings);
Job make_memory_read(const JobSettings& settings);
Job make_memory_write(const JobSettings& settings);
Job make_memory_copy(const JobSettings& settings);
Job make_memory_triad(const JobSettings& settings);
Job make_memory_random(const JobSettings& settings);
Job make_memory_latency(const JobSettings& settings);
Job make_disk_read(const JobSettings& settings);
Job make_disk_write(const JobSettings& settings);
Job make_disk_sync(const JobSettings& settings);
Job make_network_down(const JobSettings& settings);
Job make_network_up(const JobSettings& settings);
Job make_network_rtt(const JobSettings& settings);
Job make_sha256(const JobSettings& settings);
Job make_chacha8(const JobSettings& settings);
Job make_render(const JobSettings& settings);

/// As asked for, else `most_bytes` and no more than an eighth of what is free.
std::size_t choose_array_bytes(const JobSettings& settings, std::size_t most_bytes);

/// Throws Error(environment) with the way out when a workload wants more memory than can be had without swapping.
void require_memory(std::uint64_t size_bytes, std::string_view workload);

/// Memory on huge pages where the system has them; zero until touched, so threads place their parts near themselves.
template <class Element>
class Pages {
public:
    explicit Pages(std::size_t count)
        : count_(count), size_bytes_((count * sizeof(Element) / huge_page + 1) * huge_page) {
        void* const memory = ::mmap(nullptr, size_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            throw Error(ErrorKind::environment, "no memory for " + std::to_string(size_bytes_) + " bytes",
                        "--size makes it less");
        ::madvise(memory, size_bytes_, MADV_HUGEPAGE); // refused in some containers: slower, still right
        data_ = static_cast<Element*>(memory);
    }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    ~Pages() { ::munmap(data_, size_bytes_); }

    Element* data() { return data_; }
    const Element* data() const { return data_; }
    std::size_t size() const { return count_; }
    Element& operator[](std::size_t i) { return data_[i]; }
    const Element& operator[](std::size_t i) const { return data_[i]; }

private:
    static constexpr std::size_t huge_page = 2u << 20;
    std::size_t count_;
    std::size_t size_bytes_;
    Element* data_ = nullptr;
};

/// Reproducible random words: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014), SplitMix64.
class Splitmix {
public:
    explicit Splitmix(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15); }
    static std::uint64_t mix(std::uint64_t z) {
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }

private:
    std::uint64_t state_;
};

/// Where part `index` of `parts` nearly equal parts of `count` begins; part_begin(count, parts, parts) is count.
inline std::size_t part_begin(std::size_t count, std::size_t index, std::size_t parts) { return count * index / parts; }

} // namespace kaisar
