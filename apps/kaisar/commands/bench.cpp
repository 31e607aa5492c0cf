/// kaisar bench: measures this machine, a row as soon as it is known, every answer checked.
#include "bench/bench.h"
#include "baseline/comparison.h"
#include "bench/quantity.h"
#include "bench/report_json.h"
#include "command.h"
#include "error/error.h"
#include "files/files.h"
#include "network.h"
#include "report/page.h"
#include "report_json.h"
#include "settings/data_directory.h"
#include "settings/node_key.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <unistd.h>

namespace kaisar {
namespace {

constexpr double quick_seconds = 0.1; // of each workload: four samples and more of 20 ms

struct Options {
    BenchRequest request;
    std::size_t size = 0;
    bool list = false;
    std::optional<double> stable_percent;
    std::string report_file;
    std::string baseline_file;
    bool save_baseline = false;
    std::string scratch;
    bool quick = false;
};

/// Pads by characters, not bytes: µ is two bytes and one column.
std::string padded(std::string text, std::size_t width) {
    std::size_t columns = 0;
    for (const char c : text) columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return columns < width ? text + std::string(width - columns, ' ') : text;
}

std::string row(std::string_view workload, std::string variant, std::string threads, std::string figure,
                std::string spread, std::string of_peak) {
    return padded(std::string(workload), 16) + padded(std::move(variant), 18) + padded(std::move(threads), 9) +
           padded(std::move(figure), 15) + padded(std::move(spread), 10) + padded(std::move(of_peak), 10);
}

std::string heading() { return row("workload", "variant", "threads", "median", "spread", "of peak") + "answers"; }

std::string describe(const BenchResult& r, const Terminal& terminal) {
    const auto spread = r.statistics.median == 0 ? 0 : 100 * r.statistics.mad / r.statistics.median;
    const auto fraction = r.fraction_of_peak();
    auto text = row(r.workload, r.variant, std::to_string(r.threads), format_quantity(r.statistics.median, r.unit),
                    fmt::format("±{:.1f} %", spread), fraction ? fmt::format("{:.1f} %", 100 * *fraction) : "");
    text += r.verified ? terminal.styled_result(Style::good, "right") : terminal.styled_result(Style::bad, "WRONG");
    if (!r.stable) text += terminal.styled_result(Style::warning, "  unsteady: " + r.unstable_reason);
    return text;
}

/// Waived rows, one line a reason.
void print_waived(const BenchReport& report, Terminal& terminal) {
    std::vector<std::pair<std::string, std::string>> reasons;
    for (const auto& result : report.results) {
        if (!result.waived) continue;
        const auto name = result.device == "cpu" ? result.workload : result.device + " " + result.workload;
        auto same = std::find_if(reasons.begin(), reasons.end(),
                                 [&](const auto& known) { return known.first == *result.waived; });
        if (same == reasons.end())
            reasons.emplace_back(*result.waived, name);
        else
            same->second += ", " + name;
    }
    for (const auto& [reason, names] : reasons)
        terminal.print_result(terminal.styled_result(Style::faint, fmt::format("waived: {}: {}", names, reason)));
}

void print_list(Context& context) {
    const auto workloads = describe_workloads();
    if (context.options.json) return context.terminal.print_result(workloads_to_json(workloads));
    for (const auto& workload : workloads)
        context.terminal.print_result(padded(workload.name, 16) + padded(workload.unit, 10) + workload.summary +
                                      (workload.waived ? " (waived: " + *workload.waived + ")" : ""));
}

/// The exit code says what the worst row means; the report itself is complete.
int judge(const BenchReport& report, const Options& options, Terminal& terminal) {
    std::string wrong, unstable;
    for (const auto& result : report.results) {
        if (result.waived) continue;
        if (!result.verified) wrong += (wrong.empty() ? "" : ", ") + result.workload;
        if (!result.stable) unstable += (unstable.empty() ? "" : ", ") + result.workload;
    }
    if (!wrong.empty()) {
        terminal.say(terminal.styled(Style::bad, "kaisar: wrong answers from " + wrong));
        terminal.say(
            "  this processor or its memory is faulty, or there is a bug: run it again with --variant reference");
        return static_cast<int>(ErrorKind::mismatch);
    }
    if (options.stable_percent && !unstable.empty()) {
        terminal.say(terminal.styled(Style::warning,
                                     fmt::format("kaisar: more than {} % of spread or drift, or throttling, in {}",
                                                 *options.stable_percent, unstable)));
        terminal.say("  stop other work on this machine, look at its cooling, or raise --duration");
        return static_cast<int>(ErrorKind::unstable);
    }
    return 0;
}

/// The place itself, or what will hold it once it exists.
Path nearest_folder(Path place) {
    while (place.has_parent_path() && place != place.parent_path() && !std::filesystem::exists(place))
        place = place.parent_path();
    return std::filesystem::exists(place) ? place : Path(".");
}

BenchRequest complete_request(const Options& options, const Context& context) {
    auto request = options.request;
    if (options.size != 0) {
        request.size_bytes = options.size;
        for (auto* edge : {&request.m, &request.n, &request.k})
            if (*edge == 0) *edge = options.size;
    }
    request.scratch_folder = options.scratch.empty() ? nearest_folder(context.places.data_dir) : Path(options.scratch);
    request.open_line = find_peer_line(context);
    if (options.quick) {
        request.effort = Effort::quick;
        request.duration_s = std::min(request.duration_s, quick_seconds);
    }
    if (!options.report_file.empty()) request.pictures = Pictures::drawn;
    if (options.stable_percent) request.stable_bound = *options.stable_percent / 100;
    return request;
}

/// Before anything is measured: a report that cannot be written would cost the measurement.
void require_place_for(const Path& file) {
    const auto folder = file.has_parent_path() ? file.parent_path() : Path(".");
    if (file.has_filename() && !std::filesystem::is_directory(file) && ::access(folder.c_str(), W_OK) == 0) return;
    throw Error(ErrorKind::environment,
                fmt::format("--report: cannot write {}: {}", file.string(),
                            std::filesystem::is_directory(file) ? "it is a directory" : std::strerror(errno)),
                "name a file in a directory that exists and that you may write to");
}

void write_page(const BenchReport& report, const std::string& file, const Context& context) {
    const PageOrigin origin{version_text(), format_rfc3339(context.clock.now())};
    save_file(file, bench_report_to_html(report, origin), Access::everyone);
    context.terminal.say(fmt::format("the picture is in {}", file));
}

Ed25519Key require_node_key(const Context& context) {
    const auto path = DataDirectory(context.places.data_dir).node_key();
    if (auto key = find_node_key(path)) return *std::move(key);
    throw Error(ErrorKind::environment, fmt::format("--save-baseline: there is no node key in {}", path.string()),
                "kaisar register makes one; --data-dir or --system names another place");
}

/// Before anything is measured: a baseline that cannot be trusted would cost the measurement.
Baseline load_baseline(const std::string& file, const Context& context) {
    const auto key = find_node_key(DataDirectory(context.places.data_dir).node_key());
    return decode_baseline(text_of(load_file(file, baseline_limit_bytes)), file,
                           key ? std::optional(key->public_key()) : std::nullopt);
}

void print_comparison(const Comparison& comparison, Terminal& terminal) {
    terminal.print_result(terminal.styled_result(
        Style::strong, fmt::format("against the baseline of {}", format_rfc3339(comparison.measured_at))));
    std::size_t same = 0, differing = 0;
    for (const auto& f : comparison.figures) {
        same += f.kind == ChangeKind::same;
        differing += f.kind == ChangeKind::other;
        const auto name = padded(f.before.workload, 16);
        if (f.kind == ChangeKind::lost)
            terminal.print_result(name + terminal.styled_result(Style::bad, "cannot be measured any more"));
        if (f.kind != ChangeKind::worse && f.kind != ChangeKind::better) continue;
        const auto text = fmt::format("{} {:+.1f} %", name_of(f.kind), 100 * f.change);
        terminal.print_result(fmt::format(
            "{}{}  {} → {}, noise {:.1f} %{}", name,
            terminal.styled_result(f.kind == ChangeKind::worse ? Style::bad : Style::good, text),
            format_quantity(f.before.median, f.before.unit), format_quantity(f.now, f.before.unit), 100 * f.noise,
            f.variant_now == f.before.variant ? ""
                                              : fmt::format(", {} instead of {}", f.variant_now, f.before.variant)));
    }
    if (same != 0) terminal.print_result(fmt::format("{} within the noise", same));
    if (differing != 0)
        terminal.print_result(fmt::format("{} measured with other sizes or threads: not compared", differing));
    for (const auto& change : comparison.machine)
        terminal.print_result(fmt::format("{} was {}, is {}", change.what, change.before, change.after));
    if (comparison.machine.empty()) terminal.print_result("nothing changed on the machine");
}

int run_bench_command(const Options& options, Context& context) {
    auto& terminal = context.terminal;
    if (options.list) {
        print_list(context);
        return 0;
    }
    if (!options.report_file.empty()) require_place_for(options.report_file);
    const auto key = options.save_baseline ? std::optional(require_node_key(context)) : std::nullopt;
    const auto baseline =
        options.baseline_file.empty() ? std::nullopt : std::optional(load_baseline(options.baseline_file, context));
    BenchObserver observer;
    observer.progress = [&](std::string_view workload, double fraction) { terminal.show_progress(workload, fraction); };
    bool heading_printed = false;
    observer.finished = [&](const BenchResult& result) {
        if (context.options.json || result.waived) return;
        terminal.end_progress();
        if (!heading_printed) terminal.print_result(terminal.styled_result(Style::strong, heading()));
        heading_printed = true;
        terminal.print_result(describe(result, terminal));
        if (!result.note.empty()) terminal.print_result(terminal.styled_result(Style::faint, "  note: " + result.note));
    };
    const auto report = run_bench(complete_request(options, context), context.cpu, context.stop, observer);
    terminal.end_progress();
    const auto json = bench_report_to_json(report);
    std::optional<Comparison> comparison;
    if (baseline)
        comparison = compare_with_baseline(*baseline, decode_figures(json, "the report"), report.machine,
                                           options.request.workloads);
    if (context.options.json)
        terminal.print_result(comparison ? add_comparison_to_json(json, *comparison) : json);
    else
        print_waived(report, terminal);
    if (comparison && !context.options.json) print_comparison(*comparison, terminal);
    if (key) {
        const auto file = DataDirectory(context.places.data_dir).baseline();
        save_file(file, encode_baseline(report.machine, json, context.clock.now(), *key));
        terminal.say(fmt::format("the baseline is in {}", file.string()));
    }
    if (!options.report_file.empty()) write_page(report, options.report_file, context);
    return judge(report, options, terminal);
}

} // namespace

void declare_bench(CLI::App& command, Action& action) {
    const auto options = std::make_shared<Options>();
    auto& request = options->request;
    command.add_option("workloads", request.workloads, "What to measure; everything when left out")
        ->type_name("WORKLOAD");
    command.add_flag("--list", options->list, "List the workloads and measure nothing");
    const auto size =
        command.add_option("--size", options->size, "Edge of square products; bytes of each array elsewhere");
    size->type_name("N")->check(CLI::PositiveNumber);
    command.add_option("--m", request.m, "Rows of the product")->type_name("N")->check(CLI::PositiveNumber);
    command.add_option("--n", request.n, "Columns of the product")->type_name("N")->check(CLI::PositiveNumber);
    command.add_option("--k", request.k, "Length of the sums")->type_name("N")->check(CLI::PositiveNumber);
    command.add_option("--threads", request.threads, "Threads; one on every core when left out")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    command.add_option("--device", request.device, "cpu, cuda:N or all")->type_name("DEVICE");
    command.add_option("--variant", request.variant, "Force one variant of the kernels")->type_name("NAME");
    command.add_option("--duration", request.duration_s, "Seconds of each workload")
        ->type_name("S")
        ->check(CLI::PositiveNumber);
    command.add_option("--samples", request.samples, "Samples of each workload, in place of a duration")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    command.add_option("--require-stable", options->stable_percent, "Exit 8 when spread or drift exceeds this")
        ->type_name("PCT")
        ->check(CLI::PositiveNumber);
    command.add_option("--report", options->report_file, "Write one HTML page with the roofline and every sample")
        ->type_name("FILE.html");
    command.add_flag("--quick", options->quick, "Two seconds: five workloads, smaller arrays, fewer samples");
    command.add_option("--scratch", options->scratch, "Folder for the file of disk-*; the data directory by default")
        ->type_name("DIR");
    command.add_option("--baseline", options->baseline_file, "Compare with a signed earlier report")->type_name("FILE");
    command.add_flag("--save-baseline", options->save_baseline,
                     "Sign this report with the node key and keep it as the baseline");
    action = [options](Context& context) { return run_bench_command(*options, context); };
}

} // namespace kaisar
