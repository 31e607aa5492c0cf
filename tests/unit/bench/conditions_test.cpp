#include "bench/conditions.h"
#include "hardware/processors.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

using namespace kaisar;

namespace {

/// A machine made of files.
class PaperMachine {
public:
    PaperMachine() {
        char name[] = "/tmp/kaisar-conditions-XXXXXX";
        root_ = ::mkdtemp(name);
        put("stat", "cpu  100 0 50 800 10 0 5 35 7 0\ncpu0 1 2 3\n");
        put("hwmon/hwmon0/name", "coretemp\n");
        put("hwmon/hwmon0/temp1_input", "61000\n");
        put("powercap/intel-rapl:0/name", "package-0\n");
        put("powercap/intel-rapl:0/energy_uj", "1000000\n");
        put("powercap/intel-rapl:0/max_energy_range_uj", "10000000\n");
        put("cpu/cpu0/thermal_throttle/core_throttle_count", "3\n");
        put("cpu/cpu1/thermal_throttle/core_throttle_count", "4\n");
    }
    PaperMachine(const PaperMachine&) = delete;
    PaperMachine& operator=(const PaperMachine&) = delete;
    ~PaperMachine() { std::filesystem::remove_all(root_); }

    void put(const std::string& file, const std::string& text) const {
        std::filesystem::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file) << text;
    }

    ConditionSources sources() const {
        return {root_ / "hwmon", root_ / "thermal", root_ / "powercap", root_ / "cpu", root_ / "stat"};
    }

private:
    Path root_;
};

} // namespace

TEST_CASE("Heat, throttling, stolen time and energy are those of the time in between") {
    const PaperMachine machine;
    const auto processors = detect_processors();
    Team team(std::span(processors.order).first(1));
    ConditionWatch watch(machine.sources());
    watch.begin_sample();
    machine.put("powercap/intel-rapl:0/energy_uj", "3500000\n");
    watch.end_sample();
    watch.look(team);
    machine.put("powercap/intel-rapl:0/energy_uj", "9000000\n"); // between samples: nobody's
    watch.begin_sample();
    machine.put("powercap/intel-rapl:0/energy_uj", "500000\n"); // the counter began again
    watch.end_sample();
    machine.put("cpu/cpu1/thermal_throttle/core_throttle_count", "6\n");
    machine.put("stat", "cpu  150 0 50 840 10 0 5 45 7 0\n");
    const auto found = watch.finish();
    CHECK(found.energy_j == Approx(2.5 + 1.5));
    CHECK(found.hottest_c == Approx(61));
    CHECK(found.throttle_events == 2);
    CHECK(found.stolen == Approx(0.1));
    CHECK(found.waived.empty());
}

TEST_CASE("The clock of 512-bit variants is counted beside 512-bit multiplications where the processor has them") {
    const CpuFeatures wide = CpuFeature::avx512;
    CHECK(find_beside("reference", wide) == Beside::nothing);
    CHECK(find_beside("avx2", wide) == Beside::nothing);
    CHECK(find_beside("avxvnni", wide) == Beside::nothing);
    CHECK(find_beside("avx512vnni", wide) == Beside::wide_multiplications);
    CHECK(find_beside("amx", wide) == Beside::wide_multiplications);
    CHECK(find_beside("avx512", CpuFeatures{}) == Beside::nothing);
}

TEST_CASE("Each look counts a working clock too, beside nothing the same one") {
    const auto processors = detect_processors();
    Team team(std::span(processors.order).first(1));
    ConditionWatch watch;
    const auto wide = find_beside("avx512", detect_cpu_features());
    watch.look(team);
    watch.look(team, wide);
    const auto found = watch.finish();
    REQUIRE(found.clocks_hz.size() == 2);
    REQUIRE(found.working_clocks_hz.size() == 2);
    CHECK(found.working_clocks_hz[0] == found.clocks_hz[0]);
    CHECK(found.working_clocks_hz[1] > 1e8);
}

TEST_CASE("The clock is measured where nothing else can be seen, and what is missing is said") {
    const auto processors = detect_processors();
    Team team(std::span(processors.order).first(1));
    ConditionWatch watch({"/nowhere", "/nowhere", "/nowhere", "/nowhere", "/nowhere"});
    watch.begin_sample();
    watch.end_sample();
    watch.look(team);
    const auto found = watch.finish();
    REQUIRE(found.clock_hz);
    CHECK(*found.clock_hz > 1e8);
    CHECK(*found.lowest_clock_hz <= *found.clock_hz);
    CHECK_FALSE(found.hottest_c);
    CHECK_FALSE(found.throttle_events);
    CHECK_FALSE(found.stolen);
    CHECK_FALSE(found.energy_j);
    CHECK(found.waived.size() == 4);
}

TEST_CASE("A line of processor times that is cut off is no line") {
    const PaperMachine machine;
    CHECK(find_processor_ticks(machine.sources().stat)->all == 1000);
    CHECK(find_processor_ticks(machine.sources().stat)->stolen == 35);
    machine.put("stat", "cpu  150 0 50\n");
    CHECK_FALSE(find_processor_ticks(machine.sources().stat));
}
