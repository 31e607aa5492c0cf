#include "report/markup.h"
#include "report/page.h"
#include "report/roofline.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

BenchResult result_of(std::string workload, std::string unit, double median) {
    BenchResult r;
    r.workload = std::move(workload);
    r.unit = std::move(unit);
    r.variant = "avx512";
    r.threads = 2;
    r.verified = r.stable = true;
    r.figures = {median * 0.99, median, median * 1.01};
    r.statistics = summarize(r.figures);
    r.samples = 3;
    return r;
}

BenchReport whole_report() {
    BenchReport report;
    report.machine.cpu.model = "Some Processor";
    report.machine.cpu.cores = 2;
    auto product = result_of("gemm-f32", "flop/s", 9e10);
    product.m = product.n = product.k = 1024;
    product.bytes = 3 * 4 * 1024 * 1024;
    product.peak = 1e11;
    report.results = {result_of("peak-f32", "flop/s", 1.01e11), product, result_of("memory-copy", "B/s", 3e10),
                      result_of("memory-triad", "B/s", 2.4e10), result_of("memory-latency", "s", 9e-8)};
    BenchResult waived;
    waived.workload = "disk-read";
    waived.waived = "there is no disk";
    report.results.push_back(waived);
    return report;
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("The page shows every workload, measured or waived, and asks for nothing from anywhere") {
    const auto page = bench_report_to_html(whole_report(), {"kaisar 1", "2026-01-01T00:00:00Z"});
    for (const auto* part : {"gemm-f32", "memory-triad", "memory-latency", "disk-read", "there is no disk", "90.0 %",
                             "2026-01-01T00:00:00Z", "default-src 'none'"})
        CHECK(holds(page, part));
    for (const auto* part : {"http://", "https://", "<script", "<link", "url(", "@import", "src=\"/"})
        CHECK_FALSE(holds(page, part));
}

TEST_CASE("Whatever a machine calls itself stays text") {
    auto report = whole_report();
    const std::string hostile = "</title><script>alert('1')</script>\"><img src=x onerror=alert(2)>\x01";
    report.machine.cpu.model = report.machine.cpu.features = report.machine.system.kernel = hostile;
    report.machine.system.distribution = report.machine.system.hypervisor = hostile;
    report.machine.gpus = {{.name = hostile}};
    report.machine.disks = {{.name = hostile, .model = hostile}};
    report.results.front().variant = hostile;
    report.results.back().waived = hostile;
    Picture picture;
    picture.description = hostile;
    report.results.front().picture = picture;
    const auto page = bench_report_to_html(report, {hostile, hostile});
    CHECK_FALSE(holds(page, "<script"));
    CHECK_FALSE(holds(page, "<img src=x"));
    CHECK_FALSE(holds(page, "\x01"));
    CHECK(holds(page, "&lt;script&gt;alert(&#39;1&#39;)"));
}

TEST_CASE("A picture that a workload drew stands in the page itself") {
    auto report = whole_report();
    Picture picture;
    picture.description = "A sphere";
    picture.width = picture.height = 1;
    picture.png = {0x89, 'P', 'N', 'G'};
    report.results.front().picture = picture;
    CHECK(holds(bench_report_to_html(report, {}), "src=\"data:image/png;base64,iVBORw==\""));
}

TEST_CASE("A report of nothing but waived workloads is a page still") {
    BenchReport report;
    BenchResult waived;
    waived.workload = "render";
    waived.waived = "no scene";
    report.results = {waived};
    const auto page = bench_report_to_html(report, {});
    CHECK(holds(page, "no scene"));
    CHECK_FALSE(holds(page, "<svg"));
    CHECK(page.ends_with("</html>\n"));
}

TEST_CASE("Operations for each byte are counted over the operands") {
    const auto report = whole_report();
    CHECK(report::find_intensity(report.results[1]) == Approx(2.0 * 1024 / 12));
    CHECK(report::find_intensity(report.results[3]) == Approx(1.0 / 12));
    CHECK_FALSE(report::find_intensity(report.results[2])); // a copy computes nothing
    CHECK_FALSE(report::find_intensity(report.results[4]));
}

TEST_CASE("The roofline takes the highest ceiling of each type of number and the fastest way through memory") {
    const auto roofline = report::make_roofline(whole_report());
    REQUIRE(roofline.arithmetic.size() == 1);
    CHECK(roofline.arithmetic.front().rate == Approx(1.01e11));
    REQUIRE(roofline.memory.size() == 2);
    CHECK(roofline.memory.front().rate == Approx(3e10));
    REQUIRE(roofline.points.size() == 2);
    CHECK(roofline.points.back().rate == Approx(2.4e10 / 12));
    CHECK(report::draw_roofline({}, 100, 100).empty());
}

TEST_CASE("An axis puts its ends where they belong, on either scale") {
    const report::Axis decades(report::Axis::Scale::logarithmic, 1, 1e4, 100, 0);
    CHECK(decades.at(1) == Approx(100));
    CHECK(decades.at(100) == Approx(50));
    const report::Axis even(report::Axis::Scale::linear, -1, 1, 0, 10);
    CHECK(even.at(0) == Approx(5));
}
