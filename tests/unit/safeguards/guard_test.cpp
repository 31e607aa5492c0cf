#include "unit/safeguards/busy_machine.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace kaisar;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_rfc3339("2026-11-22T12:00:00Z");
constexpr auto usual_window = 20s;

Guard guard_of(const BusyMachine& machine, const OwnerLimits& limits, std::chrono::microseconds window = usual_window) {
    return Guard(limits, RunLog(machine / "runs"), window, machine.sources());
}

/// Lets the counters of processor 0 and of one container run on between two readings that lie far enough apart.
std::optional<Objection> objection_under_load(const OwnerLimits& limits, unsigned busy_ticks, unsigned tenant_us) {
    const BusyMachine machine;
    machine.write("own", "0::/user.slice\n");
    machine.write_busy(1000);
    machine.write("fs/docker/cpu.stat", "usage_usec 1000000\n");
    auto guard = guard_of(machine, limits);
    guard.begin_watching();
    const auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - began < 250ms) read_load_counters();
    machine.write_busy(1000 + busy_ticks);
    machine.write("fs/docker/cpu.stat", fmt::format("usage_usec {}\n", 1000000 + tenant_us));
    return guard.find_objection(noon);
}

// However long the test was held up between the readings, this much is all of the capacity, or nothing of it.
constexpr unsigned very_many_ticks = 1'000'000;
constexpr unsigned very_long_us = 1'000'000'000;

} // namespace

TEST_CASE("A machine whose containers work is left alone, and says so") {
    const auto objection = objection_under_load({}, 0, very_long_us);
    REQUIRE(objection);
    CHECK(objection->kind == ObjectionKind::busy);
    CHECK(objection->reason.find("containers or virtual machines use") == 0);
    CHECK(objection->remedy.find("--now") != std::string::npos);
}

TEST_CASE("Other processes are no reason by themselves, but from busy_percent on") {
    CHECK_FALSE(objection_under_load({}, very_many_ticks, 0));
    const auto objection = objection_under_load({.busy_percent = 10}, very_many_ticks, 0);
    REQUIRE(objection);
    CHECK(objection->kind == ObjectionKind::busy);
    CHECK(objection->reason.find("10 % of busy_percent") != std::string::npos);
    CHECK_FALSE(objection_under_load({.busy_percent = 10}, 0, 0));
}

TEST_CASE("A decision that comes right after the second reading goes by the first") {
    const BusyMachine machine;
    machine.write_busy(1000);
    auto guard = guard_of(machine, {.busy_percent = 10});
    guard.begin_watching();
    const auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - began < 250ms) read_load_counters(machine.load_sources());
    machine.write_busy(very_many_ticks);
    guard.begin_watching();
    CHECK(guard.find_objection(noon));
}

TEST_CASE("Load that is ignored is no objection") {
    CHECK_FALSE(objection_under_load({.busy_percent = 10, .load = LoadPolicy::ignored}, very_many_ticks, very_long_us));
}

TEST_CASE("Twenty slots an hour are computed in, and the twenty-first is not until the first is an hour ago") {
    const BusyMachine machine;
    auto guard = guard_of(machine, {});
    for (int run = 0; run < 20; ++run) {
        CHECK_FALSE(guard.find_objection(noon + run * 1min));
        guard.count_run(noon + run * 1min);
    }
    const auto objection = guard.find_objection(noon + 59min);
    REQUIRE(objection);
    CHECK(objection->kind == ObjectionKind::too_many_runs);
    CHECK(objection->reason.find("in 20 slots within the last hour, and 20 are allowed") != std::string::npos);
    CHECK_FALSE(guard.find_objection(noon + 60min));
    // Another process reads the same count.
    CHECK(guard_of(machine, {}).find_objection(noon + 59min));
}

TEST_CASE("Shorter windows allow as many runs as compute for the same time, unless the owner says how many") {
    const BusyMachine machine;
    for (int run = 0; run < 99; ++run) RunLog(machine / "runs").add(noon);
    CHECK_FALSE(guard_of(machine, {}, 4s).find_objection(noon));
    RunLog(machine / "runs").add(noon);
    CHECK(guard_of(machine, {}, 4s).find_objection(noon));
    CHECK_FALSE(guard_of(machine, {.runs_per_hour = 101}, 4s).find_objection(noon));
    CHECK_FALSE(guard_of(machine, {.runs_per_hour = 101}, 20s).find_objection(noon));
    CHECK(guard_of(machine, {.runs_per_hour = 100}, 1ms).find_objection(noon));
}

TEST_CASE("The count of runs forgets what lies in the future, and a file that it did not write is named") {
    const BusyMachine machine;
    const RunLog log(machine / "runs");
    CHECK(log.within_hour(noon).empty());
    log.add(noon + 2h);
    CHECK(log.within_hour(noon).empty());
    log.add(noon);
    CHECK(log.within_hour(noon + 1min).size() == 1);
    for (const auto* content : {"kaisar runs 2\n", "kaisar runs 1\nyesterday\n", "\n"}) {
        machine.write("runs", content);
        CHECK_THROWS_AS(log.within_hour(noon), Error);
    }
}

TEST_CASE("A processor that is too hot is left alone before a run and during it") {
    const BusyMachine machine;
    machine.write("hwmon/hwmon0/name", "nvme\n");
    machine.write("hwmon/hwmon0/temp1_input", "99000\n");
    machine.write("hwmon/hwmon1/name", "coretemp\n");
    machine.write("hwmon/hwmon1/temp1_input", "61000\n");
    machine.write("hwmon/hwmon1/temp2_input", "79500\n");
    CHECK(find_temperature_c(machine / "hwmon", machine / "thermal") == 79.5);
    CHECK_FALSE(guard_of(machine, {.max_temperature_c = 80}).find_objection(noon));
    const auto objection = guard_of(machine, {.max_temperature_c = 79}).find_objection(noon);
    REQUIRE(objection);
    CHECK(objection->kind == ObjectionKind::too_hot);
    CHECK_THROWS_AS(guard_of(machine, {.max_temperature_c = 79}).require_within_limits(), Error);
    CHECK_NOTHROW(guard_of(machine, {.max_temperature_c = 80}).require_within_limits());
}

TEST_CASE("Where no monitor sits in the processor its thermal zone is read, and a broken sensor is none") {
    const BusyMachine machine;
    machine.write("thermal/thermal_zone0/type", "acpitz\n");
    machine.write("thermal/thermal_zone0/temp", "27800\n");
    CHECK_FALSE(find_temperature_c(machine / "hwmon", machine / "thermal"));
    machine.write("thermal/thermal_zone1/type", "x86_pkg_temp\n");
    for (const auto* broken : {"0", "-5000", "255000", ""}) {
        machine.write("thermal/thermal_zone1/temp", broken);
        CHECK_FALSE(find_temperature_c(machine / "hwmon", machine / "thermal"));
    }
    machine.write("thermal/thermal_zone1/temp", "45000\n");
    CHECK(find_temperature_c(machine / "hwmon", machine / "thermal") == 45.0);
}

TEST_CASE("Power is the energy of all packages over the time between two readings, also when a counter wraps") {
    const BusyMachine machine;
    const auto write = [&](unsigned package, std::uint64_t energy_uj) {
        machine.write(fmt::format("powercap/intel-rapl:{}/name", package), fmt::format("package-{}\n", package));
        machine.write(fmt::format("powercap/intel-rapl:{}/max_energy_range_uj", package), "262143328850\n");
        machine.write(fmt::format("powercap/intel-rapl:{}/energy_uj", package), fmt::format("{}\n", energy_uj));
    };
    machine.write("powercap/intel-rapl:0:0/name", "core\n");
    machine.write("powercap/intel-rapl:0:0/energy_uj", "1\n");
    write(0, 1'000'000);
    write(1, 262'143'328'850 - 5'000'000);
    const std::chrono::steady_clock::time_point start(1h);
    PowerMeter meter(machine / "powercap");
    CHECK(meter.can_read());
    CHECK_FALSE(meter.find_power_w(start));
    CHECK_FALSE(meter.find_power_w(start + 99ms));
    write(0, 61'000'000);
    write(1, 15'000'000);
    const auto watts = meter.find_power_w(start + 500ms);
    REQUIRE(watts);
    CHECK(*watts == Approx((60 + 20) / 0.5));
}

TEST_CASE("Too much power ends a run; a limit that cannot be read is waived and named") {
    const BusyMachine machine;
    machine.write("powercap/intel-rapl:0/name", "package-0\n");
    machine.write("powercap/intel-rapl:0/energy_uj", "0\n");
    auto guard = guard_of(machine, {.max_power_w = 1, .load = LoadPolicy::ignored});
    CHECK(guard.waived().empty());
    guard.begin_watching();
    machine.write("powercap/intel-rapl:0/energy_uj", "900000000000\n");
    const auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - began < 120ms) read_load_counters(machine.load_sources());
    CHECK_THROWS_AS(guard.require_within_limits(), Error);

    const BusyMachine bare;
    auto blind = guard_of(bare, {.max_temperature_c = 80, .max_power_w = 100});
    CHECK_FALSE(blind.find_objection(noon));
    CHECK_NOTHROW(blind.require_within_limits());
    const auto waived = blind.waived();
    REQUIRE(waived.size() == 2);
    CHECK(waived[0].find("max_temperature_c") == 0);
    CHECK(waived[1].find("max_power_w") == 0);
    CHECK(guard_of(bare, {}).waived().empty());
}
