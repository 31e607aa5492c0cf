/// One run of `kaisar prove`: deliver what is left over, wait for the slot, compute, commit in time, open, deliver.
#pragma once

#include "client/checker_client.h"
#include "points/prediction.h"
#include "proving/outbox.h"
#include "proving/receipt_log.h"
#include "safeguards/guard.h"
#include "safeguards/watchdog.h"
#include "settings/data_directory.h"
#include "slots/slot_run.h"

#include <string>
#include <vector>

namespace kaisar {

enum class ProveOutcome { inactive, heartbeat, proved, spooled, already_running, refused };

/// As JSON spells it: "already-running".
std::string_view name_of(ProveOutcome outcome);

struct DeviceReport {
    std::uint16_t index = 0;
    std::string name;
    std::string variant;
    std::string profile;
    std::uint32_t rounds = 0;
    unsigned threads = 0;
    /// As a checker credits it.
    double macs_per_s = 0;
    std::uint64_t walk_bytes_per_s = 0;
    std::uint64_t held_bytes = 0;
    /// macs_per_s over what the device can do: the processor's register-only peak, measured in this run, a GPU's
    /// gemm-s8 in the baseline. Nothing where that is not known.
    std::optional<double> efficiency;
    /// Of the checkers about its proof, once it is there.
    std::optional<popw::VerdictCode> verdict;
};

struct OutboxState {
    std::size_t pending = 0;
    std::optional<Instant> oldest;
};

struct ReceiptReport {
    Bytes32 issuer{};
    std::string phase;
    std::uint64_t received_us = 0;
};

struct ProveReport {
    ProveOutcome outcome = ProveOutcome::inactive;
    popw::SlotId slot;
    std::vector<DeviceReport> devices;
    /// Devices that were asked for and are no part of the proof, or no more.
    std::vector<LeftOut> devices_left_out;
    /// Of a proof; with several devices that of the last, with the time that all took.
    std::optional<popw::Verification> verification;
    /// The checkers' verdict, once it is there; with several devices one that refuses goes before others.
    std::optional<popw::Verdict> verdict;
    std::vector<ReceiptReport> receipts;
    OutboxState outbox;
    std::size_t delivered = 0;
    std::size_t expired = 0;
    /// Why memory that is claimed is not in the proof of a slot that asked for it; empty when all is there.
    std::string left_out;
    /// Of a rehearsal.
    std::optional<points::PredictedPoints> predicted;
    /// Why this machine did not compute although the slot asked for it.
    std::optional<Objection> declined;
    /// The owner's limits that cannot be kept here, each with the reason.
    std::vector<std::string> waived;
    /// Where --out or --rehearse left the proof.
    std::vector<Path> files;
};

struct ProveChoices {
    /// Keeps the owner's limits; null for none.
    Guard* guard = nullptr;
    /// Told when the run has to be over: this long after T0, and the splay. Null for none.
    Watchdog* watchdog = nullptr;
    std::chrono::seconds longest_run{0};
    /// A copy of each proof goes there too.
    std::optional<Path> out;
    /// The proof is uploaded up to this much later, by an amount that the node id fixes, so that a fleet does not
    /// upload at once.
    std::chrono::seconds splay{0};
    /// Operations a second of the register-only int8 peak with all threads, when it is to be compared with.
    std::function<double()> measure_peak;
    /// Operations a second that a GPU, by its name here, was once measured at.
    std::function<std::optional<double>(std::string_view device)> find_rate;
    /// GPUs that were found, and why they were not opened.
    std::vector<LeftOut> left_alone;
    std::function<void(std::string_view what, double fraction)> on_progress;
};

/// Delivers the outbox, oldest first; a network that cannot be reached leaves the rest for later and is not an error.
void flush_outbox(const DataDirectory& directory, const ProvingWorker& worker, const Connection& connection,
                  ProveReport& report);

/// Proves the coming slot. The caller holds the worker's lock.
ProveReport prove_slot(const DataDirectory& directory, const ProvingWorker& worker, const Connection& connection,
                       const ProveChoices& choices);

/// What the outbox holds now.
OutboxState look_at_outbox(const DataDirectory& directory);

DeviceReport describe_device(const ProvingWorker& worker, const popw::DeviceIdentity& device,
                             const popw::Verification& verification);

/// `kaisar.prove/1`.
std::string prove_report_json(const ProveReport& report);

} // namespace kaisar
