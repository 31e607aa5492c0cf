#include "proving/prove.h"
#include "baseline/baseline.h"
#include "bench/bench.h"
#include "command.h"
#include "commands/prove_text.h"
#include "devices/selection.h"
#include "error/error.h"
#include "hardware/inventory.h"
#include "network.h"
#include "owner_limits.h"
#include "popw_devices/rehearsal.h"
#include "provider/registration.h"
#include "safeguards/guard.h"
#include "safeguards/spare_memory.h"
#include "safeguards/watchdog.h"
#include "settings/node_key.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <mutex>

namespace kaisar {
namespace {

struct Options {
    bool now = false;
    bool rehearse = false;
    bool flush = false;
    std::string verify;
    std::string out;
    std::string params;
    std::vector<std::string> devices;
    std::uint64_t max_memory_bytes = 0;
    unsigned splay_s = 0;
};

constexpr std::size_t params_limit_bytes = 4096;
constexpr double peak_seconds = 0.2;

int print(const ProveReport& report, Context& context) {
    context.terminal.print_result(context.options.json ? prove_report_json(report)
                                                       : prove_report_text(report, context.terminal));
    return report.outcome == ProveOutcome::refused ? static_cast<int>(ErrorKind::refused) : 0;
}

int verify(const Options& options, Context& context) {
    const auto content = load_file(options.verify, popw::proof_file_limit_bytes);
    const auto file = popw::decode_proof_file(content);
    if (!file)
        throw Error(ErrorKind::mismatch, fmt::format("{} is not a proof file", options.verify),
                    "kaisar prove --out DIR and --rehearse write such files");
    ProveReport report;
    report.verification = popw::verify_proof_file(*file, popw::choose_primitives(context.cpu));
    const auto& verification = *report.verification;
    report.slot = {verification.identity.epoch, verification.identity.slot};
    report.outcome = verification.ok() ? ProveOutcome::proved : ProveOutcome::refused;
    print(report, context);
    if (verification.ok()) return 0;
    context.terminal.say(
        fmt::format("not a valid proof: {} {}", popw::explanation_of(verification.code), verification.detail));
    return static_cast<int>(ErrorKind::mismatch);
}

popw::Params resolve_params(const Options& options, const DataDirectory& directory) {
    std::error_code ignored;
    if (options.params.empty() && std::filesystem::exists(directory.network(), ignored))
        if (auto params = popw::decode_params(load_network_profile(directory.network()).params)) return *params;
    const auto name = options.params.empty() ? std::string("default") : options.params;
    if (auto params = popw::find_params(name)) return *params;
    if (auto params = popw::decode_params(load_file(name, params_limit_bytes))) return *params;
    throw Error(ErrorKind::usage, fmt::format("--params: {} is no set of constants", name),
                "default, devnet, test, or a file with the canonical bytes");
}

std::uint64_t memory_limit(const Options& options, const OwnerLimits& limits) {
    const bool is_given = options.max_memory_bytes > 0;
    return allowed_memory_bytes(is_given ? options.max_memory_bytes : limits.max_memory_bytes);
}

void say_what_slows_memory(Context& context) {
    if (const auto fault = find_huge_page_fault())
        context.terminal.say(
            fmt::format("Memory: {}. Without them random reads are 40 % slower (docs/safeguards.md).", *fault));
}

/// To be held in a rehearsal: what the limit leaves beside the memory that computing has, a page at least; none unless
/// it is asked for.
std::uint64_t rehearsed_memory(const Options& options, const ProvingWorker& worker, const popw::Profile& profile) {
    if (options.max_memory_bytes == 0) return 0;
    const auto computing =
        popw::ComputeProver::memory_bytes(worker.primitives, profile, worker.threads, worker.params.round_limit);
    return worker.memory_limit_bytes > computing ? worker.memory_limit_bytes - computing : 1;
}

/// Opens the devices that were asked for, and tells the worker of them.
OpenedGpus open_devices(const Options& options, ProvingWorker& worker) {
    const auto selection = select_devices(options.devices);
    auto opened = open_selected(selection);
    worker.host = selection.has_processor ? HostUse::proves : HostUse::only_checks;
    for (const auto& stream : opened.streams) worker.gpus.push_back(stream.get());
    return opened;
}

std::vector<LeftOut> left_out_by(const OpenedGpus& opened) {
    std::vector<LeftOut> left_out;
    for (const auto& each : opened.left_alone) left_out.push_back({each.device, each.uuid, each.reason});
    return left_out;
}

/// What the run is at, for whoever has to say so from another thread.
class Activity {
public:
    void set(std::string_view what) {
        const std::lock_guard lock(mutex_);
        what_ = what;
    }
    std::string what() {
        const std::lock_guard lock(mutex_);
        return what_;
    }

private:
    std::mutex mutex_;
    std::string what_ = "prepare";
};

void rehearse_device(const Options& options, const ProvingWorker& worker, popw::ProvingDevice& device, Context& context,
                     ProveReport& report) {
    const auto& identity = device.identity();
    const auto is_host = identity.kind == popw::DeviceKind::cpu;
    const auto memory = rehearsed_memory(options, worker, device.profile());
    const auto rehearsal = popw::rehearse({.params = worker.params,
                                           .device = &device,
                                           .memory_limit_bytes = memory,
                                           .now = context.clock.now(),
                                           .stop = context.stop,
                                           .on_round = {}},
                                          worker.primitives);
    report.verification = rehearsal.verification;
    report.slot = {rehearsal.verification.identity.epoch, rehearsal.verification.identity.slot};
    report.devices.push_back(describe_device(worker, identity, rehearsal.verification));
    if (!rehearsal.verification.ok()) report.outcome = ProveOutcome::refused;
    if (rehearsal.verification.ok() && is_host)
        report.predicted = points::predict_points(rehearsal.attested, detect_inventory().cpu.cores, worker.params);
    const DataDirectory directory(context.places.data_dir);
    const Path out = options.out.empty() ? directory.root() / "rehearsal" : Path(options.out);
    make_private_directory(out);
    report.files.push_back(out / popw::proof_file_name(rehearsal.verification.identity));
    save_file(report.files.back(), popw::encode_proof_file(rehearsal.file));
}

int rehearse(const Options& options, Context& context) {
    const DataDirectory directory(context.places.data_dir);
    const auto limits = load_owner_limits(context);
    const auto primitives = popw::choose_primitives(context.cpu);
    popw::require_working(primitives);
    auto params = resolve_params(options, directory);
    const auto key = Ed25519Key::generate();
    const NetworkProfile nowhere{.name = "rehearsal", .params = popw::encode_params(params)};
    auto worker = make_proving_worker(key, nowhere, primitives, allowed_threads(limits), memory_limit(options, limits),
                                      context.stop);
    ProveReport report{.outcome = ProveOutcome::proved};
    const auto gpus = open_devices(options, worker);
    report.devices_left_out = left_out_by(gpus);
    const auto devices = make_devices(worker, report.devices_left_out);
    if (options.max_memory_bytes > 0) say_what_slows_memory(context);
    for (const auto& device : devices) {
        context.terminal.say(fmt::format("Rehearsing one slot on {} with the constants {}: {:.0f} s of computing.",
                                         device->identity().name, params.name,
                                         std::chrono::duration<double>(params.compute_window).count()));
        rehearse_device(options, worker, *device, context, report);
    }
    if (report.predicted)
        context.terminal.say("The points are this machine's own estimate: only a network's checkers attest.");
    return print(report, context);
}

/// What GPUs did in the baseline's products, by their names here.
std::function<std::optional<double>(std::string_view)> baseline_rates(const DataDirectory& directory,
                                                                      const Bytes32& node_key) {
    std::error_code ignored;
    if (!std::filesystem::exists(directory.baseline(), ignored)) return {};
    const auto text = load_file(directory.baseline(), baseline_limit_bytes);
    auto baseline = decode_baseline(text_of(text), directory.baseline().string(), node_key);
    return [figures = std::move(baseline.figures)](std::string_view device) -> std::optional<double> {
        for (const auto& figure : figures)
            if (figure.workload == "gemm-s8" && figure.device == device) return figure.median;
        return std::nullopt;
    };
}

ProveChoices make_choices(const Options& options, const OwnerLimits& limits, Activity& activity, Context& context) {
    ProveChoices choices{.longest_run = limits.longest_run,
                         .out = {},
                         .splay = std::chrono::seconds(options.now ? 0 : options.splay_s),
                         .measure_peak = {},
                         .on_progress = {}};
    if (!options.out.empty()) {
        choices.out = options.out;
        make_private_directory(*choices.out);
    }
    choices.measure_peak = [&context] {
        return measure_workload("peak-s8", peak_seconds, context.cpu, context.stop).statistics.median;
    };
    choices.on_progress = [&](std::string_view what, double fraction) {
        activity.set(what);
        context.terminal.show_progress(what, fraction);
    };
    return choices;
}

/// Everything on disk is whole at any moment, so that a run may be ended in any.
Error make_overdue(const OwnerLimits& limits, const std::string& activity) {
    return {ErrorKind::environment,
            fmt::format("this run was still there {} s after its slot began, at \"{}\", and was ended",
                        limits.longest_run.count(), activity),
            "a device or a disk that hangs, or a network whose --timeout is too long; what was made is in the outbox"};
}

/// A run that is ended between its mark and its proof is a strike: a limit that must do that is a mistake.
void require_time_for_a_slot(const OwnerLimits& limits, const popw::Params& params) {
    const auto last_question = std::max(params.memory_query_at, params.compute_query_at);
    if (limits.longest_run > last_question) return;
    throw Error(
        ErrorKind::usage,
        fmt::format("longest_run_s: {} s are over before a slot of this network asks its last question, {:.1f} s "
                    "after it begins",
                    limits.longest_run.count(), std::chrono::duration<double>(last_question).count()),
        "allow some 40 s more than that, or leave longest_run_s out of config.json");
}

int prove_slot_guarded(const Options& options, OwnerLimits limits, const DataDirectory& directory,
                       ProvingWorker& worker, const Connection& connection, Context& context) {
    require_time_for_a_slot(limits, worker.params);
    if (options.now) limits.load = LoadPolicy::ignored;
    Guard guard(limits, RunLog(directory.runs()), worker.params.compute_window);
    for (const auto& waived : guard.waived()) context.terminal.say(waived);
    Activity activity;
    Watchdog watchdog([&] { end_with(make_overdue(limits, activity.what()), context.options); });
    auto choices = make_choices(options, limits, activity, context);
    choices.guard = &guard;
    choices.watchdog = &watchdog;
    const auto gpus = open_devices(options, worker);
    choices.left_alone = left_out_by(gpus);
    if (!worker.gpus.empty()) choices.find_rate = baseline_rates(directory, worker.key.public_key());
    return print(prove_slot(directory, worker, connection, choices), context);
}

int prove(const Options& options, Context& context) {
    const DataDirectory directory(context.places.data_dir);
    const auto record = find_registration(directory.registration());
    if (!record || record->step != RegistrationStep::ready)
        throw Error(ErrorKind::environment, "this machine is not registered",
                    "kaisar register makes it a worker; kaisar prove --rehearse needs no registration");
    directory.prepare();
    const auto lock = FileLock::try_acquire(directory.lock());
    if (!lock) return print({.outcome = ProveOutcome::already_running}, context);
    directory.sweep();
    const auto key = find_node_key(directory.node_key());
    if (!key)
        throw Error(ErrorKind::environment, "the node key is missing: " + directory.node_key().string(),
                    "restore it from a backup");
    const auto transport = make_curl_transport();
    const auto network = resolve_network(context, *transport);
    const auto limits = load_owner_limits(context);
    const auto memory = memory_limit(options, limits);
    auto worker = make_proving_worker(*key, network, popw::choose_primitives(context.cpu), allowed_threads(limits),
                                      memory, context.stop);
    const auto connection = make_connection(context, *transport);
    const auto& claims = record->claims;
    if (std::find(claims.begin(), claims.end(), "memory") != claims.end()) {
        worker.held_memory_limit_bytes = memory;
        say_what_slows_memory(context);
    }
    if (options.flush) {
        ProveReport report;
        flush_outbox(directory, worker, connection, report);
        if (report.outbox.pending > 0) report.outcome = ProveOutcome::spooled;
        return print(report, context);
    }
    return prove_slot_guarded(options, limits, directory, worker, connection, context);
}

int run(const Options& options, Context& context) {
    if (!options.verify.empty()) return verify(options, context);
    offer_to_be_ended_first();
    return options.rehearse ? rehearse(options, context) : prove(options, context);
}

} // namespace

void declare_prove(CLI::App& command, Action& action) {
    auto options = std::make_shared<Options>();
    command.add_flag("--now", options->now,
                     "Take the coming slot, whatever else runs here, and hold nothing back: no splay");
    command.add_flag("--rehearse", options->rehearse, "Play worker and checker here, without a network");
    command.add_option("--verify", options->verify, "Audit a proof file, anyone's")->type_name("FILE");
    command.add_option("--out", options->out, "Keep a copy of each proof there")->type_name("DIR");
    command
        .add_option("--devices", options->devices,
                    "Which devices prove: cpu, cuda:N, a GPU's UUID, or all (the default)")
        ->delimiter(',')
        ->type_name("LIST")
        ->check([](const std::string& name) { return is_device_name(name) ? "" : name + " is no device"; });
    command
        .add_option("--max-memory", options->max_memory_bytes,
                    "Most memory that the proof may take; a rehearsal without it leaves memory out")
        ->type_name("BYTES")
        ->check(CLI::PositiveNumber);
    command
        .add_option("--splay", options->splay_s, "Upload up to S seconds later, by an amount that the node id fixes")
        ->type_name("S");
    command.add_flag("--flush", options->flush, "Deliver what is left in the outbox and do nothing else");
    command.add_option("--params", options->params, "Constants for --rehearse: default, devnet, test or a file")
        ->type_name("NAME|FILE");
    action = [options](Context& context) { return run(*options, context); };
}

} // namespace kaisar
