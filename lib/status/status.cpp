#include "status/status.h"

#include "baseline/baseline.h"
#include "bytes/hex.h"
#include "error/error.h"
#include "protocol/portal_messages_json.h"
#include "protocol/signed_document.h"
#include "provider/worker_identity.h"
#include "settings/node_key.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::size_t file_limit_bytes = 1 << 20;
/// A clock further off than this may miss a slot's cut-offs.
constexpr std::chrono::seconds clock_tolerance{2};
/// Slots without a proof after which a worker that proved before counts as silent.
constexpr unsigned silent_slots = 3;

void add(WorkerStatus& status, std::string code, Severity severity, std::string what, std::string evidence,
         std::string remedy) {
    status.reasons.push_back({std::move(code), severity, std::move(what), std::move(evidence), std::move(remedy)});
}

/// What the machine was: of the baseline, which the node key signed, else of the registration.
std::optional<Inventory> find_earlier_machine(const DataDirectory& directory, WorkerStatus& status) {
    const auto baseline = find_file(directory.baseline(), baseline_limit_bytes);
    const auto key = baseline ? find_node_key(directory.node_key()) : std::nullopt;
    if (baseline && key) {
        try {
            return decode_baseline(text_of(*baseline), directory.baseline().string(), key->public_key()).machine;
        } catch (const Error& error) {
            add(status, "bad-baseline", Severity::warning, "the baseline of this machine cannot be trusted",
                error.message(), error.hint());
        }
    }
    const auto content = find_file(directory.inventory(), file_limit_bytes);
    if (!content) return std::nullopt;
    return inventory_from_json(text_of(*content), directory.inventory().string());
}

void look_at_drift(const DataDirectory& directory, WorkerStatus& status) {
    const auto before = find_earlier_machine(directory, status);
    if (!before) return;
    status.drift = compare_inventories(*before, detect_inventory());
    for (const auto& change : status.drift)
        add(status, "drift", Severity::warning, fmt::format("the machine changed since its baseline: {}", change.what),
            fmt::format("{} was {}, is {}", change.what, change.before, change.after),
            "if that was meant, run kaisar bench --save-baseline; otherwise look for what was lost");
}

void look_at_files(const DataDirectory& directory, const RegistrationRecord& record, WorkerStatus& status) {
    status.state = name_of(record.step);
    status.node_id = record.node_id;
    status.owner = record.owner;
    status.outbox = look_at_outbox(directory);
    status.receipts = ReceiptLog(directory.receipts()).load().size();
    if (status.outbox.pending > 0)
        add(status, "outbox", Severity::warning, fmt::format("{} proofs are not delivered yet", status.outbox.pending),
            fmt::format("the oldest is of {}", format_rfc3339(*status.outbox.oldest)), "kaisar prove --flush");
    look_at_drift(directory, status);
}

void look_at_certificate(const DataDirectory& directory, const NetworkProfile& profile, Instant now,
                         WorkerStatus& status) {
    const auto content = find_file(directory.certificate(), file_limit_bytes);
    if (!content)
        return add(status, "no-certificate", Severity::critical, "the certificate is missing",
                   directory.certificate().string(), "kaisar register --replace");
    const auto document = decode_signed_document(text_of(*content), directory.certificate().string());
    const auto certificate = decode_certificate(verify_document(document, certificate_kind, profile.portal_key));
    if (certificate.expires_at <= now)
        add(status, "certificate-expired", Severity::critical, "the certificate has expired",
            format_rfc3339(certificate.expires_at), "kaisar register --replace");
}

void look_at_identity(const DataDirectory& directory, const RegistrationRecord& record, const NetworkProfile& profile,
                      WorkerStatus& status) {
    try {
        status.identity = find_seen_identity(directory.identity());
    } catch (const Error& error) {
        return add(status, "bad-identity", Severity::information, "it is not known what the chain says of this worker",
                   error.message(), error.hint());
    }
    const auto key = status.identity ? find_node_key(directory.node_key()) : std::nullopt;
    if (!key) return;
    const auto now = make_seen_identity(make_worker_identity(record, profile, *key), status.identity->chain_id,
                                        status.identity->seen_at);
    status.is_identity_current = now == *status.identity;
}

void judge_record(const WorkerRecord& record, const popw::Params& params, WorkerStatus& status) {
    if (record.state != "registered")
        add(status, "not-registered-there", Severity::critical, "the portal does not count this worker as registered",
            fmt::format("its state there is {}", record.state), "kaisar register");
    if (!record.last_proof_at)
        return add(status, "no-proof-yet", Severity::critical, "no proof of this worker has been verified yet",
                   "the portal has none", "run kaisar prove once each slot: kaisar register can install the timer");
    if (record.last_verdict && *record.last_verdict != 0) {
        const auto code = popw::find_verdict_code(*record.last_verdict);
        add(status, "proof-rejected", Severity::critical, "the last proof was rejected",
            fmt::format("{}: {}", *record.last_verdict,
                        code ? popw::explanation_of(*code) : "a code unknown to this version"),
            "run kaisar prove --rehearse: it finds out whether the machine or the network is at fault");
    }
    const auto silence = record.now - *record.last_proof_at;
    if (silence > silent_slots * params.slot && popw::slots_per_epoch(params) > silent_slots &&
        record.availability_ppm == 0)
        add(status, "silent", Severity::warning, "nothing was heard of this worker in this epoch",
            fmt::format("the last proof is of {}", format_rfc3339(*record.last_proof_at)),
            "check that the timer runs: systemctl list-timers kaisar-prove.timer");
    if (record.strikes > 0)
        add(status, "strikes", Severity::warning,
            fmt::format("{} failed proofs count against this worker", record.strikes), "within the last seven days",
            "run kaisar prove --rehearse and kaisar bench");
    if (record.micro_points == 0 && record.total_micro_points == 0)
        add(status, "no-points", Severity::warning, "no points yet",
            fmt::format("epoch {}, slot {}", record.epoch, record.slot), "points follow the first verified proof");
}

void ask_portal(const DataDirectory& directory, const NetworkProfile& profile, const Connection& connection,
                WorkerStatus& status) {
    const auto key = find_node_key(directory.node_key());
    if (!key)
        return add(status, "no-node-key", Severity::critical, "the node key is missing", directory.node_key().string(),
                   "restore it from a backup");
    const auto params = popw::decode_params(profile.params);
    if (!params)
        return add(status, "bad-profile", Severity::critical, "the network's profile cannot be used",
                   directory.network().string(), "fetch the profile again, then kaisar register --replace");
    try {
        const auto url = require_portal_url(profile.portal_url);
        status.clock_offset = fetch_clock_offset(connection, url);
        PortalClient portal(connection, url, profile.portal_key, *key);
        status.record =
            decode_answer(decode_worker_record, portal.call("GET", "/v1/workers/" + encode_hex(*status.node_id)));
        const auto network_now = connection.clock.now() + *status.clock_offset;
        status.next_slot = popw::t0_of(*params, popw::upcoming_slot(*params, network_now));
        judge_record(*status.record, *params, status);
        if (std::chrono::abs(*status.clock_offset) > clock_tolerance)
            add(status, "clock", Severity::warning, "this machine's clock is off",
                fmt::format("by {} ms", status.clock_offset->count() / -1000),
                "turn on time synchronisation: timedatectl set-ntp true");
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::network && error.kind() != ErrorKind::refused) throw;
        add(status, error.kind() == ErrorKind::network ? "portal-unreachable" : "portal-refused", Severity::critical,
            error.message(), profile.portal_url, error.hint());
    }
}

EarningVerdict judge(const WorkerStatus& status, StatusReach reach) {
    const auto has = [&](Severity severity) {
        return std::any_of(status.reasons.begin(), status.reasons.end(),
                           [&](const auto& reason) { return reason.severity == severity; });
    };
    if (status.state != name_of(RegistrationStep::ready)) return EarningVerdict::unregistered;
    if (reach == StatusReach::offline || !status.record) return EarningVerdict::unknown;
    if (has(Severity::critical)) return EarningVerdict::not_earning;
    return has(Severity::warning) ? EarningVerdict::degraded : EarningVerdict::earning;
}

} // namespace

std::string_view name_of(EarningVerdict verdict) {
    static constexpr std::string_view names[] = {"earning", "degraded", "not-earning", "unregistered", "unknown"};
    return names[static_cast<int>(verdict)];
}

std::string_view name_of(Severity severity) {
    static constexpr std::string_view names[] = {"information", "warning", "critical"};
    return names[static_cast<int>(severity)];
}

WorkerStatus detect_status(const DataDirectory& directory, const Connection& connection, StatusReach reach) {
    WorkerStatus status;
    const auto record = find_registration(directory.registration());
    if (!record || record->step != RegistrationStep::ready) {
        status.state = name_of(record ? record->step : RegistrationStep::none);
        if (record) status.node_id = record->node_id;
        add(status, "unregistered", Severity::critical, "this machine is not registered",
            record ? fmt::format("registration stopped after step {} of 10", static_cast<unsigned>(record->step))
                   : "it never began",
            record ? "kaisar register goes on from there" : "kaisar register --network PROFILE");
        status.verdict = EarningVerdict::unregistered;
        return status;
    }
    look_at_files(directory, *record, status);
    const auto profile = load_network_profile(directory.network());
    look_at_certificate(directory, profile, connection.clock.now(), status);
    look_at_identity(directory, *record, profile, status);
    if (reach == StatusReach::online) ask_portal(directory, profile, connection, status);
    status.verdict = judge(status, reach);
    return status;
}

} // namespace kaisar
