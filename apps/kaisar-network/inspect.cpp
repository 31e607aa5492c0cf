#include "accounting/audit.h"
#include "accounting/settlement.h"
#include "bytes/hex.h"
#include "checker/discipline.h"
#include "commands.h"
#include "error/error.h"
#include "hardware/cpu_features.h"
#include "reports_json.h"

#include <fmt/format.h>

namespace kaisar::network {
namespace {

/// A store that is only looked at, beside a running server or without one.
struct OpenNetwork {
    explicit OpenNetwork(const NetworkOptions& options)
        : files(resolve_files(options)), keys(load_network_keys(files.keys())),
          store(open_sqlite_store(files.store, StoreUse::inspect)),
          settings(accounting::load_network_settings(*store, keys)), standings(settings, keys) {}

    NetworkFiles files;
    NetworkKeys keys;
    std::unique_ptr<Store> store;
    accounting::NetworkSettings settings;
    accounting::Standings standings;
};

std::string shown_points(std::uint64_t micro_points) {
    return fmt::format("{}.{:06}", micro_points / 1'000'000, micro_points % 1'000'000);
}

std::string points_text(const PointsReport& report) {
    auto text =
        fmt::format("epoch {} ({} points{})\n", report.epoch, report.policy, report.is_settled ? ", settled" : "");
    for (const auto& worker : report.workers) {
        text += fmt::format("{}  {}  {}\n", encode_hex(worker.node_id).substr(0, 16),
                            shown_points(worker.standing.micro_points), worker.name);
        for (const auto& line : worker.standing.lines)
            text += fmt::format("    {:<10} {:>18}  {}; {}\n", line.what, shown_points(line.micro_points),
                                line.attested, line.tier);
    }
    return text;
}

int show_points(const NetworkOptions& options, std::optional<std::uint64_t> epoch) {
    const OpenNetwork network(options);
    const SystemClock clock;
    const auto now = clock.now();
    const auto& params = network.settings.params;
    PointsReport report{.epoch = epoch.value_or(slot_at(params, now).epoch),
                        .policy = std::string(name_of(network.settings.points)),
                        .workers = {}};
    if (report.epoch > slot_at(params, now).epoch)
        throw Error(ErrorKind::usage, fmt::format("--epoch {}: this epoch has not begun", report.epoch),
                    fmt::format("the epoch now is {}", slot_at(params, now).epoch));
    network.store->read([&](const RecordReader& records) {
        report.is_settled = accounting::find_settled_points(records, report.epoch).has_value();
        const auto as_of = std::min(now, network.standings.final_at(report.epoch));
        for (const auto& worker : records.workers())
            report.workers.push_back({.node_id = worker.node_id,
                                      .name = worker.name,
                                      .owner = worker.owner,
                                      .standing = network.standings.standing_in(records, worker, report.epoch, as_of)});
    });
    write_result(options.json ? points_report(report) : points_text(report));
    return 0;
}

int show_workers(const NetworkOptions& options) {
    const OpenNetwork network(options);
    std::vector<StoredWorker> workers;
    network.store->read([&](const RecordReader& records) { workers = records.workers(); });
    if (options.json) {
        write_result(workers_report(workers));
        return 0;
    }
    std::string text = fmt::format("{} workers\n", workers.size());
    for (const auto& worker : workers)
        text += fmt::format("{}  {:<12}  {}  {:<42}  {}\n", encode_hex(worker.node_id), name_of(worker.state),
                            format_rfc3339(worker.created_at), worker.owner.empty() ? "-" : worker.owner, worker.name);
    write_result(text);
    return 0;
}

int show_verdicts(const NetworkOptions& options, const VerdictQuery& query) {
    const OpenNetwork network(options);
    std::vector<VerdictRecord> verdicts;
    network.store->read([&](const RecordReader& records) { verdicts = records.verdicts(query); });
    if (options.json) {
        write_result(verdicts_report(verdicts));
        return 0;
    }
    std::string text = fmt::format("{} verdicts\n", verdicts.size());
    for (const auto& verdict : verdicts) {
        const auto code = popw::find_verdict_code(verdict.code);
        text += fmt::format("{}/{}/{}  {}  {}  {} MAC in {} us\n", verdict.key.epoch, verdict.key.slot, verdict.device,
                            encode_hex(verdict.key.node_id).substr(0, 16), code ? popw::name_of(*code) : "unknown",
                            verdict.macs, verdict.compute_us);
    }
    write_result(text);
    return 0;
}

int show_checkers(const NetworkOptions& options) {
    const OpenNetwork network(options);
    const SystemClock clock;
    const auto now = clock.now();
    std::vector<CheckerStanding> checkers;
    network.store->read([&](const RecordReader& records) {
        for (const auto& each : network.keys.checkers) {
            const auto id = popw::id_of_key(each.signing.public_key());
            auto wrong = records.wrong_votes(id);
            checkers.push_back({.checker_id = id,
                                .public_key = each.signing.public_key(),
                                .banned_until = checker::banned_until(wrong, now),
                                .wrong_votes = std::move(wrong)});
        }
    });
    if (options.json) {
        write_result(checkers_report(checkers));
        return 0;
    }
    std::string text = fmt::format("{} checkers, {} of them watch a worker\n", checkers.size(),
                                   network.settings.profile.committee_size);
    for (const auto& each : checkers)
        text +=
            fmt::format("{}  {} wrong votes  {}\n", encode_hex(each.checker_id), each.wrong_votes.size(),
                        !each.banned_until                     ? "gets tasks"
                        : *each.banned_until == Instant::max() ? "banned for good"
                                                               : "banned until " + format_rfc3339(*each.banned_until));
    write_result(text);
    return 0;
}

int audit(const NetworkOptions& options) {
    const OpenNetwork network(options);
    const auto primitives = popw::choose_primitives(detect_cpu_features());
    popw::require_working(primitives);
    const auto report =
        audit_network(*network.store, network.standings, constants_of(network.settings, network.keys), primitives);
    if (options.json) {
        write_result(audit_report(report));
    } else {
        auto text = fmt::format("{} proofs verified again, {} without a verdict, points of {} epochs derived again, {} "
                                "ledger records followed: {}\n",
                                report.proofs, report.undecided, report.epochs, report.ledger_records,
                                report.differences.empty() ? "all agree" : "they differ");
        for (const auto& difference : report.differences) text += difference + "\n";
        write_result(text);
    }
    return report.differences.empty() ? 0 : static_cast<int>(ErrorKind::mismatch);
}

} // namespace

void declare_points(CLI::App& app, const NetworkOptions& options, Action& action) {
    auto epoch = std::make_shared<std::optional<std::uint64_t>>();
    app.add_option("--epoch", *epoch, "The epoch; the running one by default")->type_name("N");
    action = [&options, epoch] { return show_points(options, *epoch); };
}

void declare_workers(CLI::App&, const NetworkOptions& options, Action& action) {
    action = [&options] { return show_workers(options); };
}

void declare_verdicts(CLI::App& app, const NetworkOptions& options, Action& action) {
    struct Chosen {
        std::optional<std::uint64_t> epoch;
        std::string node;
        std::size_t limit = 1000;
    };
    auto chosen = std::make_shared<Chosen>();
    app.add_option("--epoch", chosen->epoch, "Of this epoch only")->type_name("N");
    app.add_option("--node", chosen->node, "Of this worker only")->type_name("NODE_ID");
    app.add_option("--limit", chosen->limit, "At most so many, oldest first")->type_name("N")->capture_default_str();
    action = [&options, chosen] {
        VerdictQuery query{.epoch = chosen->epoch, .limit = chosen->limit};
        if (!chosen->node.empty()) {
            query.node_id = decode_hex_array<32>(chosen->node);
            if (!query.node_id)
                throw Error(ErrorKind::usage, fmt::format("--node {}: expected 32 bytes in hexadecimal", chosen->node),
                            "kaisar-network workers lists the node ids");
        }
        return show_verdicts(options, query);
    };
}

void declare_checkers(CLI::App&, const NetworkOptions& options, Action& action) {
    action = [&options] { return show_checkers(options); };
}

void declare_audit(CLI::App&, const NetworkOptions& options, Action& action) {
    action = [&options] { return audit(options); };
}

} // namespace kaisar::network
