#include "report/page.h"

#include "bench/quantity.h"
#include "bytes/hex.h"
#include "report/bars.h"
#include "report/markup.h"
#include "report/roofline.h"
#include "report/samples.h"
#include "report/staircase.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace kaisar {
namespace {

using namespace report;

std::string section(std::string_view id, std::string_view title, std::string_view introduction,
                    const std::string& content) {
    if (content.empty()) return {};
    return fmt::format("<section aria-labelledby=\"{0}\"><h2 id=\"{0}\">{1}</h2><p>{2}</p>{3}</section>\n", id, title,
                       introduction, content);
}

const BenchResult* find_result(const BenchReport& report, std::string_view workload) {
    const auto found = std::ranges::find_if(
        report.results, [&](const BenchResult& r) { return r.workload == workload && !r.waived && r.device == "cpu"; });
    return found == report.results.end() ? nullptr : &*found;
}

/// The figures that somebody asks for first, as far as they were measured.
std::string draw_heroes(const BenchReport& report) {
    struct Hero {
        std::string_view workload, name;
    };
    constexpr Hero heroes[] = {{"gemm-s8", "exact int8 products"},        {"gemm-bf16", "bfloat16 products"},
                               {"gemm-f32", "single-precision products"}, {"gemm-f64", "double-precision products"},
                               {"memory-triad", "main memory, triad"},    {"memory-latency", "to main memory and back"},
                               {"disk-read", "reading the disk"},         {"network-down", "from the peer"}};
    std::string out;
    for (const auto& hero : heroes)
        if (const auto* r = find_result(report, hero.workload))
            out += fmt::format("<div class=\"{}\"><dt>{}</dt><dd>{}</dd></div>", hue_of(hero.workload), hero.name,
                               format_quantity(r->statistics.median, r->unit));
    return out.empty() ? out : "<dl class=\"heroes\">" + out + "</dl>";
}

std::string draw_header(const BenchReport& report, const PageOrigin& origin) {
    const auto& cpu = report.machine.cpu;
    const auto measured = std::ranges::count_if(report.results, [](const auto& r) { return !r.waived; });
    const auto wrong = std::ranges::count_if(report.results, [](const auto& r) { return !r.waived && !r.verified; });
    const auto unsteady = std::ranges::count_if(report.results, [](const auto& r) { return !r.waived && !r.stable; });
    return fmt::format(
        "<header><p class=\"over\">kaisar bench · {}</p><h1>{}</h1><p class=\"lead\">{} workloads measured on {} "
        "{}. {} {}</p>{}</header>\n",
        escape(origin.measured_at), escape(cpu.model.empty() ? "This machine" : cpu.model), measured, cpu.cores,
        cpu.cores == 1 ? "core" : "cores",
        wrong == 0 ? "All answers were checked and right." : fmt::format("{} gave wrong answers.", wrong),
        unsteady == 0 ? "No figure moved more than its bound allows."
                      : fmt::format("{} moved more than the bound allows and {} marked so.", unsteady,
                                    unsteady == 1 ? "is" : "are"),
        draw_heroes(report));
}

std::string draw_both_rooflines(const BenchReport& report) {
    const auto roofline = make_roofline(report);
    const auto wide = draw_roofline(roofline, 960, 540);
    if (wide.empty()) return {};
    return fmt::format("<div class=\"wide\">{}</div><div class=\"narrow\">{}</div>", wide,
                       draw_roofline(roofline, 420, 500));
}

std::string draw_both_staircases(const BenchReport& report) {
    const auto wide = draw_staircase(report, 960, 380);
    if (wide.empty()) return {};
    return fmt::format("<div class=\"wide\">{}</div><div class=\"narrow\">{}</div>", wide,
                       draw_staircase(report, 420, 380));
}

std::string draw_cards(const BenchReport& report) {
    std::string out;
    for (const auto& r : report.results)
        if (!r.waived) out += draw_samples(r);
    return out.empty() ? out : "<div class=\"cards\">" + out + "</div>";
}

std::string draw_pictures(const BenchReport& report) {
    std::string out;
    for (const auto& r : report.results) {
        if (!r.picture) continue;
        out += fmt::format("<figure><img alt=\"{}\" width=\"{}\" height=\"{}\" src=\"data:image/png;base64,{}\">"
                           "<figcaption>{}: {}</figcaption></figure>",
                           escape(r.picture->description), r.picture->width, r.picture->height,
                           encode_base64(r.picture->png), escape(r.workload),
                           format_quantity(r.statistics.median, r.unit));
    }
    return out;
}

std::string table_row(const BenchResult& r) {
    const auto& s = r.statistics;
    const auto fraction = r.fraction_of_peak();
    return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>± {}</td><td>{}</td><td>{}"
                       "</td><td>{:+.1f} %</td><td>{}</td><td>{}</td><td class=\"{}\">{}</td></tr>",
                       escape(r.workload), escape(r.variant), r.threads, format_quantity(s.median, r.unit),
                       format_part(s.median == 0 ? 0 : s.mad / s.median), format_quantity(s.ci_low, r.unit),
                       format_quantity(s.ci_high, r.unit), 100 * s.drift, r.samples,
                       fraction ? format_part(*fraction) : "–", r.verified ? "good" : "bad",
                       r.verified ? "right" : "wrong");
}

std::string draw_table(const BenchReport& report) {
    std::string rows;
    for (const auto& r : report.results)
        if (!r.waived) rows += table_row(r);
    if (rows.empty()) return {};
    return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of all figures\"><table>"
           "<caption>Medians; the spread is the median absolute deviation</caption><thead><tr><th scope=\"col\">"
           "workload</th><th scope=\"col\" style=\"text-align:left\">variant</th><th scope=\"col\">threads</th><th "
           "scope=\"col\">median</th><th scope=\"col\">spread</th><th scope=\"col\">95 % from</th><th scope=\"col\">to"
           "</th><th scope=\"col\">drift</th><th scope=\"col\">samples</th><th scope=\"col\">of ceiling</th><th "
           "scope=\"col\">answers</th></tr></thead><tbody>" +
           rows + "</tbody></table></div>";
}

std::string fact(std::string_view name, const std::string& value) {
    if (value.empty()) return {};
    return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, escape(value));
}

std::string draw_machine(const Inventory& m) {
    std::string caches, gpus, disks;
    for (const auto& cache : m.cpu.caches)
        caches += fmt::format("{}L{} {}", caches.empty() ? "" : ", ", cache.level, format_size(cache.size_bytes));
    for (const auto& gpu : m.gpus) gpus += (gpus.empty() ? "" : ", ") + gpu.name;
    for (const auto& disk : m.disks)
        disks += fmt::format("{}{} {}", disks.empty() ? "" : ", ", disk.name, format_size(disk.size_bytes));
    return "<dl class=\"facts\">" + fact("Processor", m.cpu.model) +
           fact("Cores", fmt::format("{} in {} socket{}, {} threads", m.cpu.cores, m.cpu.sockets,
                                     m.cpu.sockets == 1 ? "" : "s", m.cpu.threads)) +
           fact("Caches, as reported", caches) + fact("Memory", format_size(m.memory.total_bytes)) +
           fact("Disks", disks) + fact("GPUs", gpus) + fact("Instruction sets", m.cpu.features) +
           fact("Kernel", m.system.kernel) + fact("System", m.system.distribution) +
           fact("Virtual machine", m.system.hypervisor.empty() ? "no" : m.system.hypervisor) + "</dl>";
}

std::string draw_waived(const BenchReport& report) {
    std::map<std::string, std::string> names_by_reason;
    for (const auto& r : report.results) {
        if (!r.waived) continue;
        auto& names = names_by_reason[*r.waived];
        names += (names.empty() ? "" : ", ") + (r.device == "cpu" ? r.workload : r.device + " " + r.workload);
    }
    if (names_by_reason.empty()) return {};
    std::string out = "<ul class=\"waived\">";
    for (const auto& [reason, names] : names_by_reason)
        out += fmt::format("<li>{}: {}</li>", escape(names), escape(reason));
    return out + "</ul>";
}

std::string draw_body(const BenchReport& report) {
    const auto ceiling_bars = draw_ceiling_bars(report), memory_bars = draw_memory_bars(report);
    return section("roofline", "Roofline",
                   "Lines are what this machine allowed when it was measured: arithmetic that touches nothing but "
                   "registers, and the fastest way through main memory. A kernel is as good as it is close to its own "
                   "line; the per cents say how close. Bytes are those of the operands, each counted once.",
                   draw_both_rooflines(report)) +
           section("bars", "Against the ceiling",
                   "Each kernel against the arithmetic of its own instruction set, timed between its samples. The dark "
                   "dash is the 95 % confidence interval of the median.",
                   ceiling_bars) +
           section("memory", "Ways through memory", "Against the fastest of them, counted as STREAM counts.",
                   memory_bars) +
           section("latency", "How far away memory is",
                   "One access after the other, each at the place that the one before named, through more and more "
                   "memory. Treads are the caches as this machine behaves, which in a virtual machine is not what it "
                   "reports.",
                   draw_both_staircases(report)) +
           section(
               "samples", "How far to trust it",
               "Every sample, left in the order in which it was taken, right by how often its value came. The band "
               "is the 95 % confidence interval of the median, from ranks; a triangle points to a sample beyond the "
               "drawing.",
               draw_cards(report)) +
           section("pictures", "What was drawn", "Computed by the workload itself, its rays checked.",
                   draw_pictures(report)) +
           section("figures", "All figures", "The same in numbers.", draw_table(report)) +
           section("machine", "The machine", "As the operating system reports it.", draw_machine(report.machine)) +
           section("waived", "Not measured", "What could not run here, and why.", draw_waived(report));
}

} // namespace

std::string bench_report_to_html(const BenchReport& report, const PageOrigin& origin) {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>kaisar bench: {}</title>"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'\"><meta name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\"><meta name=\"referrer\" "
        "content=\"no-referrer\"><meta name=\"color-scheme\" content=\"light dark\"><style>{}</style>"
        "</head><body>\n{}<main>\n{}</main>\n<footer><p>{} · measured {}</p></footer></body></html>\n",
        escape(report.machine.cpu.model), style(), draw_header(report, origin), draw_body(report),
        escape(origin.program), escape(origin.measured_at));
}

} // namespace kaisar
