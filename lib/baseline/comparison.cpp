#include "baseline/comparison.h"

#include <algorithm>
#include <cmath>

namespace kaisar {
namespace {

/// The spread of medians between runs that a quiet machine shows anyway (docs/measurements/bench.md).
constexpr double least_noise = 0.02;

double spread_of(const BaselineFigure& figure) { return figure.median == 0 ? 0 : figure.mad / figure.median; }

bool is_comparable(const BaselineFigure& a, const BaselineFigure& b) {
    return a.unit == b.unit && a.threads == b.threads && a.m == b.m && a.n == b.n && a.k == b.k && a.bytes == b.bytes;
}

ChangeKind judge(const BaselineFigure& before, const BaselineFigure& now, double change, double noise) {
    const bool overlap = now.ci_low <= before.ci_high && before.ci_low <= now.ci_high;
    if (overlap || std::abs(change) <= noise) return ChangeKind::same;
    const bool is_time = before.unit == "s";
    return (change < 0) == is_time ? ChangeKind::better : ChangeKind::worse;
}

} // namespace

std::string_view name_of(ChangeKind kind) {
    static constexpr std::string_view names[] = {"same", "worse", "better", "lost", "other"};
    return names[static_cast<int>(kind)];
}

Comparison compare_with_baseline(const Baseline& baseline, const std::vector<BaselineFigure>& now,
                                 const Inventory& machine_now, const std::vector<std::string>& asked) {
    Comparison comparison{baseline.measured_at, baseline.public_key, {}, {}};
    comparison.machine = compare_inventories(baseline.machine, machine_now);
    for (const auto& before : baseline.figures) {
        if (!asked.empty() && std::ranges::find(asked, before.workload) == asked.end()) continue;
        FigureChange change;
        change.before = before;
        const auto found = std::ranges::find_if(
            now, [&](const auto& f) { return f.workload == before.workload && f.device == before.device; });
        if (found == now.end()) {
            change.kind = ChangeKind::lost;
        } else {
            change.now = found->median;
            change.variant_now = found->variant;
            change.noise = std::max(least_noise, spread_of(before) + spread_of(*found));
            if (before.median != 0) change.change = found->median / before.median - 1;
            change.kind =
                is_comparable(before, *found) ? judge(before, *found, change.change, change.noise) : ChangeKind::other;
        }
        comparison.figures.push_back(std::move(change));
    }
    return comparison;
}

} // namespace kaisar
