/// Decides, before and while a device computes, whether its owner's limits allow it. What the network asks for does not
/// enter into it.
#pragma once

#include "safeguards/load.h"
#include "safeguards/run_log.h"
#include "safeguards/sensors.h"
#include "settings/configuration.h"

#include <vector>

namespace kaisar {

enum class ObjectionKind { busy, too_many_runs, too_hot, too_much_power };

/// As JSON spells it: "too-many-runs".
std::string_view name_of(ObjectionKind kind);

/// Why a slot is not computed in.
struct Objection {
    ObjectionKind kind = ObjectionKind::busy;
    std::string reason;
    std::string remedy;
};

/// Where the guard reads; tests show another machine.
struct GuardSources {
    LoadSources load;
    Path monitors = "/sys/class/hwmon";
    Path zones = "/sys/class/thermal";
    Path energy = "/sys/class/powercap";
};

class Guard {
public:
    /// `compute_window` is that of the network: short windows make more runs an hour bearable.
    Guard(const OwnerLimits& limits, RunLog log, std::chrono::microseconds compute_window, GuardSources sources = {});

    /// Begins to measure load and power: call it a second or so before the decision, and once more, earlier, where the
    /// decision may come too soon after that.
    void begin_watching();
    /// The first limit that stands against computing now; nothing when none does.
    std::optional<Objection> find_objection(Instant now);
    /// Writes down that a run computes.
    void count_run(Instant now) const { log_.add(now); }
    /// While computing, as often as one likes: Error(refused) once it is too hot or takes too much power.
    void require_within_limits();

    /// Limits that were asked for and cannot be kept here, each with the reason.
    std::vector<std::string> waived() const;

private:
    unsigned runs_per_hour() const;
    std::optional<Objection> find_busy() const;
    std::optional<Objection> find_too_many(Instant now) const;
    std::optional<Objection> find_strain();

    const OwnerLimits limits_;
    const RunLog log_;
    const std::chrono::microseconds compute_window_;
    const GuardSources sources_;
    std::optional<LoadCounters> load_before_;
    std::optional<LoadCounters> load_earlier_;
    PowerMeter power_;
    std::chrono::steady_clock::time_point checked_at_{};
};

} // namespace kaisar
