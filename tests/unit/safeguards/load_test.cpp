#include "hardware/inventory.h"
#include "unit/safeguards/busy_machine.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace std::chrono_literals;

namespace {

LoadCounters at(std::chrono::milliseconds moment, double busy_s, double own_s,
                std::map<std::string, std::chrono::duration<double>> tenants = {}) {
    return {.read_at = std::chrono::steady_clock::time_point(moment),
            .processors = 2,
            .busy = std::chrono::duration<double>(busy_s),
            .own = std::chrono::duration<double>(own_s),
            .tenants = std::move(tenants)};
}

} // namespace

TEST_CASE("Load is what others used of the processors' capacity") {
    const auto load = find_load(at(0ms, 100, 10), at(1000ms, 101.2, 10.8));
    REQUIRE(load);
    CHECK(load->others == Approx(0.2)); // 1.2 s of 2 s, 0.8 s of them our own
    CHECK(load->tenants == 0);
}

TEST_CASE("A tenant that is new has used all of its time since the first reading") {
    const auto load =
        find_load(at(0ms, 0, 0, {{"a", 5s}, {"gone", 9s}}), at(1000ms, 1, 0, {{"a", 5.5s}, {"new", 0.3s}}));
    REQUIRE(load);
    CHECK(load->tenants == Approx(0.4));
}

TEST_CASE("Two readings that lie too close together say nothing, nor do those of other processors") {
    CHECK_FALSE(find_load(at(0ms, 0, 0), at(99ms, 1, 0)));
    auto other = at(1000ms, 1, 0);
    other.processors = 3;
    CHECK_FALSE(find_load(at(0ms, 0, 0), other));
    other.processors = 0;
    CHECK_FALSE(find_load(other, other));
}

TEST_CASE("Counters that seem to run backwards are no load") {
    const auto load = find_load(at(0ms, 5, 0, {{"a", 2s}}), at(1000ms, 4.99, 1, {{"a", 1s}}));
    REQUIRE(load);
    CHECK(load->others == 0);
    CHECK(load->tenants == 0);
}

TEST_CASE("Niced and idle time, and time that another machine stole, are nobody's load") {
    const BusyMachine machine;
    machine.write_busy(0);
    const auto processor = read_system_file((machine / "stat").string());
    machine.write("stat", "cpu  999 999 999 999 0 0 0 0\n" + processor.substr(0, processor.find(' ')) +
                              " 100 5000 20 7000 60 3 2 900 0 0\nintr 5 4 3\n");
    const auto counters = read_load_counters(machine.load_sources());
    CHECK(counters.processors == 1);
    CHECK(counters.busy.count() == Approx(1.25)); // (100 + 20 + 3 + 2) hundredths
}

TEST_CASE("Containers and virtual machines are found in both versions of control groups, the engine and we are not") {
    const BusyMachine machine;
    machine.write("own", "0::/system.slice/docker-us.scope\n");
    machine.write("fs/system.slice/docker-us.scope/cpu.stat", "usage_usec 9000000\n");
    machine.write("fs/system.slice/docker-abc.scope/cpu.stat", "usage_usec 2500000\nuser_usec 1\n");
    machine.write("fs/system.slice/docker.service/cpu.stat", "usage_usec 7000000\n");
    machine.write("fs/system.slice/cron.service/cpu.stat", "usage_usec 7000000\n");
    machine.write("fs/machine.slice/machine-vm.scope/cpu.stat", "usage_usec 1\n");
    machine.write("fs/machine.slice/cpu.stat", "usage_usec 4000000\n");
    machine.write("fs/user.slice/user-1.slice/user@1.service/user.slice/user-libpod.slice/libpod-x.scope/cpu.stat",
                  "usage_usec 1000000\n");
    auto tenants = read_load_counters(machine.load_sources()).tenants;
    CHECK(tenants.size() == 3); // a group counts as a whole: machine.slice, not what is in it
    double seconds = 0;
    for (const auto& [group, usage] : tenants) seconds += usage.count();
    CHECK(seconds == Approx(7.5));

    const BusyMachine old;
    old.write("own", "4:memory:/\n3:cpuacct:/docker/me\n");
    old.write("fs/cpuacct/docker/me/cpuacct.usage", "5000000000\n");
    old.write("fs/cpuacct/docker/other/cpuacct.usage", "1500000000\n");
    old.write("fs/cpuacct/docker/cpuacct.usage", "6500000000\n");
    old.write("fs/cpuacct/lxc/cpuacct.usage", "250000000\n");
    tenants = read_load_counters(old.load_sources()).tenants;
    seconds = 0;
    for (const auto& [group, usage] : tenants) seconds += usage.count();
    CHECK(seconds == Approx(1.75)); // "docker" holds us, so it is "other" in it that counts
}

TEST_CASE("A machine that tells nothing has no load") {
    const BusyMachine machine;
    const auto counters = read_load_counters(machine.load_sources());
    CHECK(counters.processors == 0);
    CHECK(counters.tenants.empty());
}

TEST_CASE("This machine's counters are read, and go on") {
    const auto before = read_load_counters();
    CHECK(before.processors > 0);
    CHECK(before.busy.count() > 0);
    volatile std::uint64_t spent = 0;
    while (read_load_counters().own <= before.own) spent = spent + 1;
    CHECK(read_load_counters().busy >= before.busy);
}
