#include "baseline/comparison.h"

#include "bytes/hex.h"
#include "json/document.h"

namespace kaisar {

std::string add_comparison_to_json(std::string_view report_json, const Comparison& comparison) {
    Json figures = Json::array(), machine = Json::array();
    for (const auto& f : comparison.figures) {
        const bool was_measured = f.kind != ChangeKind::lost;
        figures.push_back({{"workload", f.before.workload},
                           {"device", f.before.device},
                           {"unit", f.before.unit},
                           {"kind", name_of(f.kind)},
                           {"before", f.before.median},
                           {"now", was_measured ? Json(f.now) : Json(nullptr)},
                           {"change", was_measured ? Json(f.change) : Json(nullptr)},
                           {"noise", was_measured ? Json(f.noise) : Json(nullptr)},
                           {"variant_before", f.before.variant},
                           {"variant_now", was_measured ? Json(f.variant_now) : Json(nullptr)}});
    }
    for (const auto& change : comparison.machine)
        machine.push_back({{"what", change.what}, {"before", change.before}, {"after", change.after}});
    auto report = JsonReader::parse(report_json, "the bench report").json();
    report["baseline"] = {{"measured_at", format_rfc3339(comparison.measured_at)},
                          {"public_key", encode_hex(comparison.public_key)},
                          {"figures", figures},
                          {"machine", machine}};
    return to_line(report);
}

} // namespace kaisar
