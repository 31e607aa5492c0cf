/// What is worse or better than in a baseline by more than the noise, and what changed on the machine.
#pragma once

#include "baseline/baseline.h"
#include "hardware/inventory_json.h"

#include <string>
#include <vector>

namespace kaisar {

enum class ChangeKind {
    same,
    worse,
    better,
    lost,  ///< measured then, not now
    other, ///< measured now with other sizes, threads or units: no comparison
};

/// As JSON spells it: "worse".
std::string_view name_of(ChangeKind kind);

struct FigureChange {
    ChangeKind kind = ChangeKind::same;
    BaselineFigure before;
    double now = 0;    ///< median; zero when lost
    double change = 0; ///< now / before - 1
    /// What a change has to exceed to count, relative: the larger of both spreads together and 2 %.
    double noise = 0;
    std::string variant_now;
};

struct Comparison {
    Instant measured_at{}; ///< the baseline
    Bytes32 public_key{};
    std::vector<FigureChange> figures; ///< in the baseline's order, without those that nobody measured now
    std::vector<InventoryChange> machine;
};

/// `asked` names the workloads of this run; empty: all. A figure of the baseline that was not asked for is not lost.
Comparison compare_with_baseline(const Baseline& baseline, const std::vector<BaselineFigure>& now,
                                 const Inventory& machine_now, const std::vector<std::string>& asked);

/// A member of `kaisar.bench/1`: {"measured_at", "public_key", "figures", "machine"}; joined to the report's text.
std::string add_comparison_to_json(std::string_view report_json, const Comparison& comparison);

} // namespace kaisar
