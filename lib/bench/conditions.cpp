#include "bench/conditions.h"

#include "bench/statistics.h"
#include "hardware/inventory.h"
#include "kernels/clock_chain/variants.h"

#include <algorithm>
#include <charconv>

namespace kaisar {
namespace {

constexpr std::uint64_t chain_additions = 1 << 18;    // a tenth of a millisecond: a thousand times the clock's own cost
constexpr std::uint64_t settling_additions = 1 << 15; // a core that begins to do something else halts for 2 us
constexpr std::chrono::milliseconds heat_interval{100};

std::optional<std::uint64_t> find_number(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

/// Of the slowest thread: an operation of several threads waits for it.
double measure_clock_hz(Team& team, kernels::ClockChain chain) {
    std::vector<double> hz(team.size());
    team.run([&](unsigned thread) {
        chain(settling_additions, thread + 1);
        const double before_s = thread_cpu_seconds();
        const auto sum = chain(chain_additions, thread + 1);
        const double took_s = thread_cpu_seconds() - before_s;
        if (sum == chain_additions * (thread + 1) && took_s > 0)
            hz[thread] = static_cast<double>(chain_additions) / took_s;
    });
    return *std::ranges::min_element(hz);
}

} // namespace

std::optional<std::uint64_t> find_throttle_events(const Path& processors) {
    std::optional<std::uint64_t> sum;
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(processors, code))
        for (const auto* counter : {"core_throttle_count", "package_throttle_count"})
            if (const auto value =
                    find_number(read_system_file((entry.path() / "thermal_throttle" / counter).string())))
                sum = sum.value_or(0) + *value;
    return sum;
}

std::optional<ProcessorTicks> find_processor_ticks(const Path& stat) {
    const auto text = read_system_file(stat.string());
    if (!text.starts_with("cpu ")) return std::nullopt;
    constexpr std::size_t stolen_field = 7, fields = 8; // guest time, which follows, is part of user time already
    ProcessorTicks ticks;
    const auto line_end = std::min(text.find('\n'), text.size());
    const char* at = text.data() + 4;
    const char* const end = text.data() + line_end;
    for (std::size_t field = 0; field < fields; ++field) {
        while (at != end && *at == ' ') ++at;
        std::uint64_t value = 0;
        const auto [next, problem] = std::from_chars(at, end, value);
        if (problem != std::errc{}) return std::nullopt;
        at = next;
        ticks.all += value;
        if (field == stolen_field) ticks.stolen = value;
    }
    return ticks;
}

ConditionWatch::ConditionWatch(ConditionSources sources)
    : sources_(std::move(sources)), meter_(sources_.energy),
      throttle_before_(find_throttle_events(sources_.processors)), ticks_before_(find_processor_ticks(sources_.stat)) {}

Beside find_beside(std::string_view variant, CpuFeatures features) {
    const bool is_wide = variant.starts_with("avx512") || variant.starts_with("amx");
    return is_wide && features.includes(CpuFeature::avx512) ? Beside::wide_multiplications : Beside::nothing;
}

void ConditionWatch::begin_sample() {
    if (meter_.can_read()) meter_.find_energy_j();
}

void ConditionWatch::end_sample() {
    if (!meter_.can_read()) return;
    if (const auto joules = meter_.find_energy_j()) energy_j_ = energy_j_.value_or(0) + *joules;
}

void ConditionWatch::look(Team& team, Beside beside) {
    // The working clock first: it changes within microseconds.
    const auto table = kernels::clock_chain_variants();
    const double working_hz =
        beside == Beside::wide_multiplications ? measure_clock_hz(team, table.back().function) : 0;
    const double hz = measure_clock_hz(team, table.front().function);
    if (hz > 0) {
        clocks_hz_.push_back(hz);
        working_clocks_hz_.push_back(working_hz > 0 ? working_hz : hz);
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - heat_read_at_ < heat_interval) return;
    heat_read_at_ = now;
    if (const auto celsius = find_temperature_c(sources_.monitors, sources_.zones))
        hottest_c_ = std::max(hottest_c_.value_or(*celsius), *celsius);
}

Conditions ConditionWatch::finish() {
    Conditions found;
    found.clocks_hz = clocks_hz_;
    found.working_clocks_hz = working_clocks_hz_;
    if (!clocks_hz_.empty()) {
        found.clock_hz = median_of(clocks_hz_);
        found.lowest_clock_hz = *std::ranges::min_element(clocks_hz_);
    } else {
        found.waived.emplace_back("clock_hz: no sample was timed by processors");
    }
    found.hottest_c = hottest_c_;
    if (!hottest_c_) found.waived.emplace_back("temperature_c: no sensor of a processor can be read");
    const auto throttle_after = find_throttle_events(sources_.processors);
    if (throttle_before_ && throttle_after)
        found.throttle_events = *throttle_after - *throttle_before_;
    else
        found.waived.emplace_back("throttle_events: the kernel shows no counters of throttling");
    const auto ticks = find_processor_ticks(sources_.stat);
    if (ticks_before_ && ticks && ticks->all > ticks_before_->all)
        found.stolen = static_cast<double>(ticks->stolen - ticks_before_->stolen) /
                       static_cast<double>(ticks->all - ticks_before_->all);
    else
        found.waived.emplace_back("stolen: too little time passed to tell");
    found.energy_j = energy_j_;
    if (!energy_j_)
        found.waived.emplace_back(
            "joules_per_op: no energy counter (RAPL) can be read; they are shown to root, on bare "
            "metal");
    return found;
}

} // namespace kaisar
