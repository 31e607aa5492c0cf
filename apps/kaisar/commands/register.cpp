#include "bench/bench.h"
#include "bench/report_json.h"
#include "bytes/hex.h"
#include "command.h"
#include "error/error.h"
#include "network.h"
#include "owner_limits.h"
#include "provider/registration.h"
#include "register_owner.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

namespace kaisar {
namespace {

struct Options {
    std::string name;
    std::vector<std::string> claims{"cpu", "memory"};
    std::vector<std::string> skipped_steps;
    std::string gas_payer = "portal";
    OwnerOptions owner;
    bool plan = false;
    bool yes = false;
    bool replace = false;
};

/// Enough for the figures that go beside the proof, which alone counts.
constexpr double workload_seconds = 0.3;

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? std::string(name).substr(0, 64) : "worker";
}

std::string plan_text(const SetupPlan& plan) {
    std::string text;
    for (const auto& step : plan.steps)
        text += fmt::format("# {}: {}{}{}\n# check\n{}\n# apply\n{}\n\n", step.id, step.title,
                            step.needs_root ? " (needs root)" : "", step.optional ? " (optional)" : "", step.check,
                            step.apply.empty() ? "# nothing: only you can mend it" : step.apply);
    return text;
}

bool agrees_to_plan(const Options& options, const SetupPlan& plan, Context& context) {
    if (options.yes) return true;
    if (!context.terminal.can_ask())
        throw Error(ErrorKind::usage, "the setup plan waits for your consent",
                    "look at it with --plan, then run again with --yes");
    context.terminal.say(plan_text(plan));
    return context.terminal.confirm(fmt::format("Run these {} steps where their checks fail?", plan.steps.size()));
}

bool agrees_to_step(const Options& options, const SetupStep& step, Context& context) {
    const auto& skipped = options.skipped_steps;
    if (std::find(skipped.begin(), skipped.end(), step.id) != skipped.end()) return false;
    if (options.yes || !context.terminal.can_ask()) return options.yes;
    return context.terminal.confirm(fmt::format("{}?", step.title));
}

std::string run_workloads(const std::vector<std::string>& workloads, Context& context) {
    BenchObserver observer;
    observer.progress = [&context](std::string_view workload, double fraction) {
        context.terminal.show_progress(workload, fraction);
    };
    const BenchRequest request{.workloads = workloads, .duration_s = workload_seconds};
    const auto report = run_bench(request, context.cpu, context.stop, observer);
    context.terminal.end_progress();
    return bench_report_to_json(report);
}

RegistrationChoices make_choices(const Options& options, OwnersPart& owner, Context& context) {
    std::error_code ignored;
    return {.name = options.name.empty() ? host_name() : options.name,
            .claims = options.claims,
            .plan_mode = options.plan ? PlanMode::show_only : PlanMode::run,
            .obtain_binding = [&owner](const BindingRequest& request) { return owner.sign(request); },
            .bring_to_chain = options.gas_payer == "portal"
                                  ? std::function<void(const SignedBinding&)>()
                                  : [&owner](const SignedBinding& binding) { owner.bring_to_chain(binding); },
            .agrees_to_plan = [&options,
                               &context](const SetupPlan& plan) { return agrees_to_plan(options, plan, context); },
            .agrees_to_step = [&options,
                               &context](const SetupStep& step) { return agrees_to_step(options, step, context); },
            .run_benchmark =
                [&context](const std::vector<std::string>& workloads) { return run_workloads(workloads, context); },
            .on_step =
                [&context](RegistrationStep step, std::string_view what) {
                    context.terminal.say(fmt::format("[{:>2}/10] {}", static_cast<unsigned>(step), what));
                },
            .program = std::filesystem::read_symlink("/proc/self/exe", ignored),
            .cpu = context.cpu,
            .threads = allowed_threads(load_owner_limits(context))};
}

std::string result_text(const RegistrationResult& result, const DataDirectory& directory) {
    if (result.plan) return plan_text(*result.plan);
    const auto& record = result.record;
    return fmt::format("{} as a worker of the network\n  worker       {}\n  owner        {}\n  peer         {}\n  "
                       "attested     {:.1f} GMAC/s\n"
                       "  certificate  {}\nNext: kaisar prove once each slot (the timer does it), and kaisar status.",
                       result.was_registered_before ? "Registered before" : "Registered", encode_hex(record.node_id),
                       record.owner, record.peer.endpoint, static_cast<double>(record.attested.macs_per_s) / 1e9,
                       directory.certificate().string());
}

int run(const Options& options, Context& context) {
    const DataDirectory directory(context.places.data_dir);
    directory.prepare();
    const auto lock = FileLock::try_acquire(directory.lock());
    if (!lock)
        throw Error(ErrorKind::environment, "another kaisar is at work in " + directory.root().string(),
                    "wait for it to end");
    directory.sweep();
    const auto transport = make_curl_transport();
    if (options.replace) {
        std::error_code ignored;
        std::filesystem::remove(directory.registration(), ignored);
        std::filesystem::remove(directory.certificate(), ignored);
    }
    const auto profile = resolve_network(context, *transport);
    if (options.gas_payer == "owner" && profile.chain == "embedded")
        throw Error(ErrorKind::usage,
                    "--pay-gas owner: this network keeps its ledger in the portal, which takes no gas",
                    "leave --pay-gas out");
    const auto connection = make_connection(context, *transport);
    OwnersPart owner(options.owner, profile, directory, *transport, context);
    const auto result = register_worker(directory, profile, connection, make_choices(options, owner, context));
    context.terminal.print_result(context.options.json ? registration_json(result, directory.certificate())
                                                       : result_text(result, directory));
    return 0;
}

} // namespace

void declare_register(CLI::App& command, Action& action) {
    auto options = std::make_shared<Options>();
    command.add_option("--name", options->name, "What to call this worker (default: the host name)")->type_name("NAME");
    command.add_option("--claim", options->claims, "What to offer, separated by commas: cpu, memory")
        ->delimiter(',')
        ->type_name("LIST")
        ->check(CLI::IsMember({"cpu", "memory"}));
    command.add_flag("--plan", options->plan, "Show the setup scripts and run none");
    command.add_flag("--yes", options->yes,
                     "Agree to the setup plan, optional steps included, and to the fee with --pay-gas owner");
    command.add_option("--skip", options->skipped_steps, "Leave out these optional steps of the plan")
        ->delimiter(',')
        ->type_name("STEPS");
    command.add_option("--binding", options->owner.binding, "The owner's binding, signed on another machine")
        ->type_name("FILE");
    command.add_option("--pay-gas", options->gas_payer, "Who pays for the registration's transaction: owner or portal")
        ->type_name("WHO")
        ->check(CLI::IsMember({"owner", "portal"}));
    add_settlement_options(command, options->owner.settlement);
    add_password_options(command, options->owner.password);
    command.add_flag("--replace", options->replace,
                     "Register anew with the same node key: after a change of the machine");
    action = [options](Context& context) {
        if (options->yes) options->owner.consent = Consent::given;
        return run(*options, context);
    };
}

} // namespace kaisar
