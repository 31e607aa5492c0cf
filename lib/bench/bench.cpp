#include "bench/bench.h"

#include "bench/sampling.h"
#include "devices/device_jobs.h"
#include "devices/gpus.h"
#include "hardware/processors.h"
#include "workloads/workloads.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kaisar {
namespace {

BenchResult begin_result(const Workload& workload, std::string device) {
    BenchResult result;
    result.workload = workload.name;
    result.device = std::move(device);
    result.unit = workload.unit;
    return result;
}

std::vector<unsigned> choose_processors(const Processors& processors, const Workload& workload, unsigned threads) {
    constexpr unsigned queue_depth = 4;
    const unsigned most = static_cast<unsigned>(processors.order.size());
    if (threads > most)
        throw Error(ErrorKind::usage,
                    fmt::format("{} threads were asked for, this process may use {} processors", threads, most),
                    fmt::format("--threads takes 1 to {}", most));
    unsigned wanted = threads != 0 ? threads : processors.cores;
    if (workload.parallel == Parallel::one_thread) wanted = 1;
    if (workload.parallel == Parallel::queue && threads == 0) wanted = queue_depth;
    std::vector<unsigned> chosen(wanted);
    for (unsigned i = 0; i < wanted; ++i) chosen[i] = processors.order[i % most];
    return chosen;
}

/// The ceiling of the same instruction set; plain code is compared with what the machine can do.
Job make_ceiling_for(const Workload& workload, const Job& job, JobSettings settings) {
    settings.variant = job.variant == "reference" ? std::string_view{} : std::string_view(job.variant);
    return workload.make_ceiling(settings);
}

std::string name_of(const kernels::DeviceFacts& facts) { return fmt::format("cuda:{}", facts.index); }

class Bench {
public:
    Bench(const BenchRequest& request, CpuFeatures features, const std::stop_token& stop, const BenchObserver& observer)
        : request_(request), features_(features), stop_(stop), observer_(observer), processors_(detect_processors()) {}

    BenchResult measure(const Workload& workload) const {
        Team team(choose_processors(processors_, workload, request_.threads));
        const JobSettings settings{.team = team,
                                   .features = features_,
                                   .variant = request_.variant,
                                   .m = request_.m,
                                   .n = request_.n,
                                   .k = request_.k,
                                   .size_bytes = choose_size(workload),
                                   .scratch_folder = request_.scratch_folder,
                                   .line = find_line(workload)};
        tell(workload, 0);
        const Job job = workload.make(settings);
        std::optional<Job> ceiling;
        if (workload.make_ceiling != nullptr) ceiling = make_ceiling_for(workload, job, settings);
        const bool multiplies = workload.make_ceiling != nullptr || workload.name.starts_with("peak-");
        const SamplingPlan plan{request_.duration_s, request_.samples, workload.figure,
                                [&](double fraction) { tell(workload, fraction); },
                                multiplies ? find_beside(job.variant, features_) : Beside::nothing};
        const auto samples = take_samples(team, job, ceiling ? &*ceiling : nullptr, plan, stop_);
        return describe(workload, job, ceiling, samples, team);
    }

    /// The same on a GPU, by one thread that waits for it.
    BenchResult measure(const Workload& workload, kernels::DeviceStream& device) const {
        Team team(std::span(processors_.order).first(1));
        const DeviceJobSettings settings{device, features_, request_.m, request_.n, request_.k, request_.size_bytes};
        tell(workload, 0);
        const Job job = find_device_workload(workload.name)(settings);
        std::optional<Job> ceiling;
        if (const auto make = find_device_ceiling(workload.name)) ceiling = make(settings);
        const GpuMonitor monitor(device.facts().uuid);
        std::optional<GpuWatch> watch;
        const SamplingPlan plan{request_.duration_s, request_.samples,
                                workload.figure,     [&](double fraction) { tell(workload, fraction); },
                                Beside::nothing,     [&] { watch.emplace([&monitor] { return monitor.look(); }); }};
        const auto samples = take_samples(team, job, ceiling ? &*ceiling : nullptr, plan, stop_);
        const auto conditions = watch->finish();
        return describe_on_gpu(describe(workload, job, ceiling, samples, team), device, conditions);
    }

    BenchResult try_measure(const Workload& workload, kernels::DeviceStream& device, std::size_t index,
                            std::size_t count) {
        index_ = index, count_ = count;
        auto result = begin_result(workload, name_of(device.facts()));
        if (find_device_workload(workload.name) == nullptr) {
            result.waived = "this version has no GPU kernel for it";
            return result;
        }
        return measure_or_waive(std::move(result), [&] { return measure(workload, device); });
    }

    /// As measure, and a waived result instead of an error where the workload was not asked for by name.
    BenchResult try_measure(const Workload& workload, std::size_t index, std::size_t count) {
        index_ = index, count_ = count;
        auto result = begin_result(workload, "cpu");
        if (workload.make == nullptr) {
            result.waived = std::string(workload.waived);
            return result;
        }
        return measure_or_waive(std::move(result), [&] { return measure(workload); });
    }

private:
    /// A quick run touches less memory: most of the time would go into that.
    std::size_t choose_size(const Workload& workload) const {
        constexpr std::size_t quick_bytes = 64u << 20;
        const bool is_smaller = request_.effort == Effort::quick && workload.name.starts_with("memory-");
        return request_.size_bytes == 0 && is_smaller ? quick_bytes : request_.size_bytes;
    }

    void tell(const Workload& workload, double fraction) const {
        if (!observer_.progress) return;
        observer_.progress(workload.name, (static_cast<double>(index_) + fraction) / static_cast<double>(count_));
    }

    /// Opened once, by the first workload that wants it.
    const NetworkLine* find_line(const Workload& workload) const {
        if (!workload.name.starts_with("network-") || !request_.open_line) return nullptr;
        if (!line_) line_ = request_.open_line();
        return &*line_;
    }

    template <class Measure>
    BenchResult measure_or_waive(BenchResult waived, const Measure& measure_it) const {
        const bool asked_by_name = !request_.workloads.empty();
        try {
            return measure_it();
        } catch (const Error& error) {
            if (asked_by_name || error.kind() == ErrorKind::interrupted) throw;
            waived.waived = error.message();
            return waived;
        }
    }

    BenchResult describe(const Workload& workload, const Job& job, const std::optional<Job>& ceiling,
                         const Samples& samples, const Team& team) const {
        auto result = begin_result(workload, "cpu");
        result.variant = job.variant;
        result.note = job.note;
        result.threads = team.size();
        result.m = job.m, result.n = job.n, result.k = job.k;
        result.bytes = job.bytes;
        result.statistics = summarize(samples.figures);
        result.samples = static_cast<unsigned>(samples.figures.size());
        result.duration_s = samples.sampled_s;
        result.first_call = samples.first_call;
        result.timed_by = job.timed_by.value_or(team.timed_by()) == TimedBy::thread_cpu ? "thread-cpu" : "wall";
        if (ceiling) {
            result.peak = median_of(samples.ceilings);
            result.peak_kind = "register-only " + ceiling->variant;
        }
        result.verified = samples.verified;
        result.warm_up_s = samples.warm_up_s;
        result.conditions = samples.conditions;
        if (samples.conditions.energy_j && samples.work > 0)
            result.joules_per_op = *samples.conditions.energy_j / samples.work;
        if (workload.bound == Bound::cores)
            result.per_cycle = median_per_cycle(samples.figures, samples.conditions.working_clocks_hz);
        result.unstable_reason = find_objection(result, request_.stable_bound);
        result.stable = result.unstable_reason.empty();
        result.figures = samples.figures;
        if (job.survey && request_.effort == Effort::whole) result.staircase = job.survey();
        if (request_.pictures == Pictures::drawn && job.draw) result.picture = job.draw();
        return result;
    }

    BenchResult describe_on_gpu(BenchResult result, const kernels::DeviceStream& device,
                                const GpuConditions& conditions) const {
        result.device = name_of(device.facts());
        // The processors' energy and clock say nothing of the GPU's.
        result.joules_per_op.reset(), result.per_cycle.reset();
        result.gpu = conditions;
        result.unstable_reason = find_objection(result, request_.stable_bound);
        result.stable = result.unstable_reason.empty();
        return result;
    }

    const BenchRequest& request_;
    CpuFeatures features_;
    const std::stop_token& stop_;
    const BenchObserver& observer_;
    Processors processors_;
    std::size_t index_ = 0, count_ = 1;
    mutable std::optional<NetworkLine> line_;
};

/// Beyond these the sizes in bytes would no longer fit 64 bits; no machine has the memory.
void require_possible_sizes(const BenchRequest& request) {
    constexpr std::size_t most_edge = std::size_t{1} << 24, most_bytes = std::size_t{1} << 48;
    for (const auto edge : {request.m, request.n, request.k})
        if (edge > most_edge)
            throw Error(ErrorKind::usage, fmt::format("a product of edge {} is too large", edge),
                        fmt::format("edges go up to {}", most_edge));
    if (request.size_bytes > most_bytes)
        throw Error(ErrorKind::usage, fmt::format("arrays of {} bytes are too large", request.size_bytes),
                    "--size makes them smaller");
}

std::vector<const Workload*> choose_workloads(const BenchRequest& request) {
    std::vector<const Workload*> chosen;
    for (const auto& name : request.workloads) chosen.push_back(&require_workload(name));
    if (chosen.empty())
        for (const auto& workload : workload_table())
            if (request.effort == Effort::whole || workload.is_quick) chosen.push_back(&workload);
    return chosen;
}

/// The N of cuda:N; nothing for cpu and all.
std::optional<unsigned> parse_device(const std::string& device) {
    if (device == "cpu" || device == "all") return std::nullopt;
    unsigned index = 0;
    const auto* const end = device.data() + device.size();
    if (!device.starts_with("cuda:") || device.size() == 5 || std::from_chars(device.data() + 5, end, index).ptr != end)
        throw Error(ErrorKind::usage, "there is no device called " + device,
                    "--device takes cpu, cuda:0, cuda:1 … or all");
    return index;
}

/// That GPU; Error(environment) with the reason when it cannot be measured.
GpuCandidate require_gpu(unsigned index) {
    const auto found = find_gpus();
    constexpr auto hint = "--device all measures what can be measured and says what cannot";
    if (found.gpus.empty())
        throw Error(ErrorKind::environment, fmt::format("cuda:{} cannot be measured: {}", index, found.reason), hint);
    const auto gpu = std::ranges::find(found.gpus, index, [](const auto& one) { return one.facts.index; });
    if (gpu == found.gpus.end())
        throw Error(
            ErrorKind::environment,
            fmt::format("cuda:{} cannot be measured: CUDA shows {} of them, from 0 on", index, found.gpus.size()),
            hint);
    if (!gpu->objection.empty())
        throw Error(ErrorKind::environment,
                    fmt::format("cuda:{} ({}) is left alone: {}", index, gpu->facts.name, gpu->objection), hint);
    return *gpu;
}

using AddResult = std::function<void(BenchResult)>;

void add_waived(const Workload& workload, const std::string& device, const std::string& reason, const AddResult& add) {
    auto result = begin_result(workload, device);
    result.waived = reason;
    add(std::move(result));
}

/// Every GPU that may be used; those that may not, or that fail their known answers, are waived with the reason.
void measure_gpus(Bench& bench, std::span<const Workload* const> workloads, const AddResult& add) {
    const auto found = find_gpus();
    if (found.gpus.empty()) add_waived(*workloads.front(), "cuda:0", found.reason, add);
    for (const auto& gpu : found.gpus) {
        if (!gpu.objection.empty()) {
            add_waived(*workloads.front(), name_of(gpu.facts), gpu.objection, add);
            continue;
        }
        std::unique_ptr<kernels::DeviceStream> device;
        try {
            device = open_working_gpu(gpu.facts);
        } catch (const Error& error) {
            add_waived(*workloads.front(), name_of(gpu.facts), error.message(), add);
            continue;
        }
        for (std::size_t i = 0; i < workloads.size(); ++i)
            add(bench.try_measure(*workloads[i], *device, i, workloads.size()));
    }
}

} // namespace

std::optional<double> BenchResult::fraction_of_peak() const {
    if (!peak || *peak == 0) return std::nullopt;
    return statistics.median / *peak;
}

std::string find_objection(const BenchResult& r, double bound) {
    const auto& s = r.statistics;
    if (s.median == 0) return "nothing was measured";
    if (const double spread = s.mad / std::abs(s.median); spread > bound)
        return fmt::format("spread {:.1f} %", 100 * spread);
    if (std::abs(s.drift) > bound) return fmt::format("drift {:+.1f} %", 100 * s.drift);
    if (r.conditions.throttle_events.value_or(0) > 0)
        return fmt::format("throttled {} times", *r.conditions.throttle_events);
    if (r.gpu && !r.gpu->throttle_reasons.empty())
        return fmt::format("throttled: {}", fmt::join(r.gpu->throttle_reasons, ", "));
    return {};
}

BenchReport run_bench(const BenchRequest& request, CpuFeatures features, const std::stop_token& stop,
                      const BenchObserver& observer) {
    const auto gpu_index = parse_device(request.device);
    require_possible_sizes(request);
    const auto workloads = choose_workloads(request);
    Bench bench(request, features, stop, observer);
    BenchReport report{detect_inventory(), {}};
    const auto add = [&](BenchResult result) {
        report.results.push_back(std::move(result));
        if (observer.finished) observer.finished(report.results.back());
    };
    if (gpu_index) {
        const auto device = open_working_gpu(require_gpu(*gpu_index).facts);
        for (std::size_t i = 0; i < workloads.size(); ++i)
            add(bench.try_measure(*workloads[i], *device, i, workloads.size()));
        return report;
    }
    for (std::size_t i = 0; i < workloads.size(); ++i) add(bench.try_measure(*workloads[i], i, workloads.size()));
    if (request.device == "all") measure_gpus(bench, workloads, add);
    return report;
}

BenchResult measure_workload(std::string_view workload, double duration_s, CpuFeatures features,
                             const std::stop_token& stop) {
    BenchRequest request;
    request.workloads = {std::string(workload)};
    request.duration_s = duration_s;
    return run_bench(request, features, stop).results.front();
}

std::vector<WorkloadDescription> describe_workloads() {
    std::vector<WorkloadDescription> all;
    for (const auto& row : workload_table()) {
        WorkloadDescription description{std::string(row.name), std::string(row.unit), std::string(row.summary), {}};
        if (row.make == nullptr) description.waived = std::string(row.waived);
        all.push_back(std::move(description));
    }
    return all;
}

} // namespace kaisar
