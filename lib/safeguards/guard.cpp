#include "safeguards/guard.h"

#include "error/error.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace kaisar {
namespace {

/// Twenty runs an hour let through what a network with slots of five minutes can ask for and leave some to a person; a
/// network with shorter windows gets as many as compute for the same time.
constexpr unsigned usual_runs_per_hour = 20;
constexpr std::chrono::seconds usual_compute_window{20};

/// The part of the capacity from which containers and virtual machines count as a tenant's: below it are idle ones.
constexpr double tenant_share = 0.1;

/// Sensors answer in tens of microseconds; heat and power move in seconds.
constexpr std::chrono::milliseconds between_checks{250};

} // namespace

std::string_view name_of(ObjectionKind kind) {
    static constexpr std::string_view names[] = {"busy", "too-many-runs", "too-hot", "too-much-power"};
    return names[static_cast<int>(kind)];
}

Guard::Guard(const OwnerLimits& limits, RunLog log, std::chrono::microseconds compute_window, GuardSources sources)
    : limits_(limits), log_(std::move(log)), compute_window_(compute_window), sources_(std::move(sources)),
      power_(sources_.energy) {}

void Guard::begin_watching() {
    if (limits_.load == LoadPolicy::respected)
        load_earlier_ = std::exchange(load_before_, read_load_counters(sources_.load));
    if (limits_.max_power_w) power_.find_power_w(std::chrono::steady_clock::now());
}

unsigned Guard::runs_per_hour() const {
    if (limits_.runs_per_hour) return *limits_.runs_per_hour;
    const auto computing = usual_runs_per_hour * std::chrono::microseconds(usual_compute_window);
    const auto window = std::max(compute_window_, std::chrono::microseconds(1));
    return std::max(usual_runs_per_hour, static_cast<unsigned>(computing / window));
}

std::optional<Objection> Guard::find_busy() const {
    if (limits_.load == LoadPolicy::ignored || !load_before_) return std::nullopt;
    const auto now = read_load_counters(sources_.load);
    auto load = find_load(*load_before_, now);
    if (!load && load_earlier_) load = find_load(*load_earlier_, now);
    if (!load) return std::nullopt;
    constexpr auto remedy = "kaisar prove --now computes all the same, \"ignore_load\": true in config.json always";
    if (load->tenants > tenant_share)
        return Objection{.kind = ObjectionKind::busy,
                         .reason = fmt::format("containers or virtual machines use {:.0f} % of the processors, more "
                                               "than {:.0f} %",
                                               100 * load->tenants, 100 * tenant_share),
                         .remedy = remedy};
    if (limits_.busy_percent && 100 * load->others > *limits_.busy_percent)
        return Objection{.kind = ObjectionKind::busy,
                         .reason = fmt::format("other processes use {:.0f} % of the processors, more than the {:.0f} % "
                                               "of busy_percent",
                                               100 * load->others, *limits_.busy_percent),
                         .remedy = remedy};
    return std::nullopt;
}

std::optional<Objection> Guard::find_too_many(Instant now) const {
    const auto runs = log_.within_hour(now).size();
    if (runs < runs_per_hour()) return std::nullopt;
    return Objection{.kind = ObjectionKind::too_many_runs,
                     .reason = fmt::format("this machine computed in {} slots within the last hour, and {} are allowed",
                                           runs, runs_per_hour()),
                     .remedy = "raise runs_per_hour in config.json, or let the coming runs wait"};
}

std::optional<Objection> Guard::find_strain() {
    if (limits_.max_temperature_c) {
        const auto celsius = find_temperature_c(sources_.monitors, sources_.zones);
        if (celsius && *celsius > *limits_.max_temperature_c)
            return Objection{.kind = ObjectionKind::too_hot,
                             .reason = fmt::format("the processor is at {:.0f} degrees, above the {:.0f} of "
                                                   "max_temperature_c",
                                                   *celsius, *limits_.max_temperature_c),
                             .remedy = "look after its cooling, or raise the limit in config.json"};
    }
    if (!limits_.max_power_w) return std::nullopt;
    const auto watts = power_.find_power_w(std::chrono::steady_clock::now());
    if (!watts || *watts <= *limits_.max_power_w) return std::nullopt;
    return Objection{.kind = ObjectionKind::too_much_power,
                     .reason = fmt::format("the processors take {:.0f} W, above the {:.0f} of max_power_w", *watts,
                                           *limits_.max_power_w),
                     .remedy = "allow fewer threads with max_threads, or raise the limit in config.json"};
}

std::optional<Objection> Guard::find_objection(Instant now) {
    if (auto objection = find_busy()) return objection;
    if (auto objection = find_too_many(now)) return objection;
    return find_strain();
}

void Guard::require_within_limits() {
    const auto now = std::chrono::steady_clock::now();
    if (now - checked_at_ < between_checks) return;
    checked_at_ = now;
    if (const auto objection = find_strain())
        throw Error(ErrorKind::refused, objection->reason + ": this slot was given up", objection->remedy);
}

std::vector<std::string> Guard::waived() const {
    std::vector<std::string> reasons;
    if (limits_.max_temperature_c && !find_temperature_c(sources_.monitors, sources_.zones))
        reasons.push_back("max_temperature_c is not kept: no temperature of the processor can be read here");
    if (limits_.max_power_w && !power_.can_read())
        reasons.push_back("max_power_w is not kept: no energy counter can be read here (RAPL, as root)");
    return reasons;
}

} // namespace kaisar
