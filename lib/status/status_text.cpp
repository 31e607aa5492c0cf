#include "bytes/hex.h"
#include "status/status.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

std::string_view verdict_sentence(EarningVerdict verdict) {
    switch (verdict) {
    case EarningVerdict::earning: return "this worker is earning";
    case EarningVerdict::degraded: return "this worker is earning less than it could";
    case EarningVerdict::not_earning: return "this worker is not earning";
    case EarningVerdict::unregistered: return "this machine is not a worker yet";
    case EarningVerdict::unknown: return "it cannot be told from here";
    }
    return "";
}

std::string record_text(const WorkerRecord& record) {
    std::string text;
    text += fmt::format("points     {} in epoch {}, {} in all\n", format_points(record.micro_points), record.epoch,
                        format_points(record.total_micro_points + record.micro_points));
    for (const auto& line : record.points_lines)
        text += fmt::format("           {:>10}  {:<9}  {}; {}\n", format_points(line.micro_points), line.what,
                            line.attested, line.tier);
    text += fmt::format("attested   {:.1f} GMAC/s, memory {:.1f} GiB held, {} us to the peer\n",
                        static_cast<double>(record.attested.macs_per_s) / 1e9,
                        static_cast<double>(record.attested.held_bytes) / (1 << 30), record.attested.rtt_us);
    if (record.last_proof_at) text += fmt::format("last proof {}\n", format_rfc3339(*record.last_proof_at));
    text +=
        fmt::format("heard in   {:.1f} % of this epoch's slots\n", static_cast<double>(record.availability_ppm) / 1e4);
    return text;
}

} // namespace

std::string format_points(std::uint64_t micro_points) {
    return fmt::format("{}.{:06}", micro_points / 1'000'000, micro_points % 1'000'000);
}

std::string status_text(const WorkerStatus& status,
                        const std::function<std::string(EarningVerdict, std::string_view)>& emphasise) {
    auto text =
        fmt::format("{}: {}\n", emphasise(status.verdict, name_of(status.verdict)), verdict_sentence(status.verdict));
    for (const auto& reason : status.reasons)
        text += fmt::format("  {} {}: {}\n      evidence: {}\n      remedy:   {}\n", name_of(reason.severity),
                            reason.code, reason.what, reason.evidence, reason.remedy);
    if (status.node_id) text += fmt::format("worker     {}\n", encode_hex(*status.node_id));
    if (!status.owner.empty()) text += fmt::format("owner      {}\n", status.owner);
    text += fmt::format("state      {}\n", status.state);
    if (status.record) text += record_text(*status.record);
    if (status.next_slot) text += fmt::format("next slot  {}\n", format_rfc3339(*status.next_slot));
    text += fmt::format("outbox     {} proofs to deliver; {} signed receipts kept\n", status.outbox.pending,
                        status.receipts);
    if (status.identity)
        text += fmt::format("identity   {}\n           on chain {}, seen {}{}\n", status.identity->did,
                            status.identity->chain_id, format_rfc3339(status.identity->seen_at),
                            status.is_identity_current ? "" : "; out of date: kaisar wallet identify");
    return text;
}

std::string status_prometheus(const WorkerStatus& status) {
    std::string text;
    const auto gauge = [&](std::string_view name, std::string_view help, double value) {
        text += fmt::format("# HELP kaisar_{0} {1}\n# TYPE kaisar_{0} gauge\nkaisar_{0} {2}\n", name, help, value);
    };
    gauge("earning", "1 if this worker is earning, 0 if not.",
          status.verdict == EarningVerdict::earning || status.verdict == EarningVerdict::degraded ? 1 : 0);
    gauge("reasons", "Reasons why it earns less than it could, or nothing.",
          static_cast<double>(status.reasons.size()));
    gauge("outbox_proofs", "Proofs that are not delivered yet.", static_cast<double>(status.outbox.pending));
    if (status.clock_offset)
        gauge("clock_offset_seconds", "The network's clock less this machine's.",
              std::chrono::duration<double>(*status.clock_offset).count());
    if (!status.record) return text;
    gauge("epoch_points", "Points of the running epoch.", static_cast<double>(status.record->micro_points) / 1e6);
    gauge("attested_macs_per_second", "Multiply-accumulates a second that checkers verified.",
          static_cast<double>(status.record->attested.macs_per_s));
    gauge("availability_ratio", "Share of the epoch's slots in which this worker was heard.",
          static_cast<double>(status.record->availability_ppm) / 1e6);
    if (status.record->last_proof_at)
        gauge("last_proof_timestamp_seconds", "When the last proof was verified.",
              std::chrono::duration<double>(status.record->last_proof_at->time_since_epoch()).count());
    return text;
}

std::pair<std::string, int> status_nagios(const WorkerStatus& status) {
    static constexpr std::string_view words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    int code = 3;
    if (status.verdict == EarningVerdict::earning) code = 0;
    if (status.verdict == EarningVerdict::degraded) code = 1;
    if (status.verdict == EarningVerdict::not_earning || status.verdict == EarningVerdict::unregistered) code = 2;
    auto line = fmt::format("KAISAR {} - {}", words[code], verdict_sentence(status.verdict));
    for (const auto& reason : status.reasons) line += fmt::format("; {}", reason.what);
    const auto micro_points = status.record ? status.record->micro_points : 0;
    line += fmt::format(" | points={}c outbox={}", format_points(micro_points), status.outbox.pending);
    return {line, code};
}

} // namespace kaisar
