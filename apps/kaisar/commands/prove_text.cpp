#include "commands/prove_text.h"

#include "status/status.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>

namespace kaisar {
namespace {

std::string device_lines(const DeviceReport& device) {
    auto text = fmt::format("  {} {}: {} rounds of {}, {:.1f} GMAC/s attested", device.name, device.variant,
                            device.rounds, device.profile, device.macs_per_s / 1e9);
    if (device.efficiency)
        text += fmt::format(", {:.0f} % of {}", 100 * *device.efficiency,
                            device.index == 0 ? "this machine's peak" : "its gemm-s8 in the baseline");
    text += '\n';
    if (device.held_bytes > 0)
        text += fmt::format("  memory: {:.2f} GiB held, {:.2f} GB/s of random reads\n",
                            static_cast<double>(device.held_bytes) / (1 << 30),
                            static_cast<double>(device.walk_bytes_per_s) / 1e9);
    return text;
}

std::string policy_lines(std::string_view policy, const points::PredictedEpoch& predicted) {
    auto text = fmt::format("    {:<10} {}\n", policy, format_points(predicted.micro_points));
    for (const auto& line : predicted.lines)
        text += fmt::format("      {:>10}  {:<9}  {}; {}\n", format_points(line.micro_points), line.what, line.attested,
                            line.tier);
    return text;
}

std::string prediction_lines(const points::PredictedPoints& predicted) {
    const auto hours = std::chrono::duration<double, std::ratio<3600>>(predicted.epoch).count();
    return fmt::format(
               "  points to be expected in an epoch ({:.3g} h, {} active slots), if every slot goes like this\n", hours,
               predicted.active_slots) +
           policy_lines("published", predicted.published) + policy_lines("linear", predicted.linear);
}

/// One line a phase, however many checkers took its mark.
std::string receipt_lines(std::span<const ReceiptReport> receipts) {
    std::string text;
    while (!receipts.empty()) {
        const auto& phase = receipts.front().phase;
        const auto end = std::ranges::find_if(receipts, [&](const auto& each) { return each.phase != phase; });
        const auto group = receipts.first(static_cast<std::size_t>(end - receipts.begin()));
        const auto [earliest, latest] = std::ranges::minmax(group, {}, &ReceiptReport::received_us);
        const auto seconds = [](const ReceiptReport& receipt) {
            return static_cast<double>(receipt.received_us) / 1e6;
        };
        text += group.size() == 1 ? fmt::format("  receipt for {} after {:.3f} s\n", phase, seconds(earliest))
                                  : fmt::format("  {} receipts for {} after {:.3f} to {:.3f} s\n", group.size(), phase,
                                                seconds(earliest), seconds(latest));
        receipts = receipts.subspan(group.size());
    }
    return text;
}

} // namespace

std::string prove_report_text(const ProveReport& report, const Terminal& terminal) {
    const bool is_bad = report.outcome == ProveOutcome::refused;
    auto text = terminal.styled_result(is_bad ? Style::bad : Style::good, name_of(report.outcome));
    text += fmt::format(": slot {} of epoch {}", report.slot.slot, report.slot.epoch);
    if (report.verdict) text += fmt::format(", verdict {}", popw::name_of(report.verdict->code));
    text += '\n';
    for (const auto& device : report.devices) text += device_lines(device);
    for (const auto& each : report.devices_left_out)
        text += fmt::format("  {} was left out: {}\n", each.device, each.reason);
    if (report.verification)
        text += fmt::format("  verified in {:.1f} ms of one core\n", 1000 * report.verification->cpu_seconds);
    if (report.declined)
        text += fmt::format("  not computed: {}\n  {}\n", report.declined->reason, report.declined->remedy);
    if (!report.left_out.empty()) text += fmt::format("  memory was left out: {}\n", report.left_out);
    text += receipt_lines(report.receipts);
    for (const auto& file : report.files) text += fmt::format("  proof in {}\n", file.string());
    if (report.predicted) text += prediction_lines(*report.predicted);
    if (report.outbox.pending > 0)
        text += fmt::format("  {} proofs wait in the outbox for the next run\n", report.outbox.pending);
    return text;
}

} // namespace kaisar
