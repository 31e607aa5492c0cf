#include "unit/proving/played_network.h"
#include "unit/safeguards/busy_machine.h"

using namespace kaisar;
using namespace std::chrono_literals;
using popw::BeaconPhase;
using popw::MarkPhase;
using popw::MarkStatus;

namespace {

const popw::Primitives primitives = popw::choose_primitives(detect_cpu_features());

Guard guard_of(const BusyMachine& machine, const OwnerLimits& limits) {
    return Guard(limits, RunLog(machine / "runs"), 20s, machine.sources());
}

/// Only a sign of life of that status went out: no proof is owed.
void require_only_heard(const PlayedNetwork& network, MarkStatus status) {
    CHECK(network.marks == std::vector{MarkPhase::heartbeat});
    CHECK(network.statuses == std::vector{status});
    CHECK(network.proofs.empty());
    CHECK(network.others.empty());
}

} // namespace

TEST_CASE("A worker whose machine has tenants says that it is busy, and computes nothing") {
    const BusyMachine machine;
    machine.write_busy(1000);
    machine.write("fs/docker/cpu.stat", "usage_usec 1000000\n");
    PlayedNetwork network(played_params(MemoryPhases::never));
    network.on_beacon = [&](BeaconPhase) { machine.write("fs/docker/cpu.stat", "usage_usec 99000000\n"); };
    auto guard = guard_of(machine, {});
    const auto report = PlayedWorker(network, primitives).prove({.guard = &guard});
    CHECK(report.outcome == ProveOutcome::heartbeat);
    REQUIRE(report.declined);
    CHECK(report.declined->kind == ObjectionKind::busy);
    require_only_heard(network, MarkStatus::busy);
    CHECK(RunLog(machine / "runs").within_hour(SystemClock().now()).empty());
}

TEST_CASE("A worker that computed often enough says so to its owner, and to the network that it is there") {
    const BusyMachine machine;
    RunLog(machine / "runs").add(SystemClock().now() - 59min);
    PlayedNetwork network(played_params(MemoryPhases::never));
    auto guard = guard_of(machine, {.runs_per_hour = 1});
    const auto report = PlayedWorker(network, primitives).prove({.guard = &guard});
    CHECK(report.outcome == ProveOutcome::refused);
    REQUIRE(report.declined);
    CHECK(report.declined->kind == ObjectionKind::too_many_runs);
    require_only_heard(network, MarkStatus::degraded);
}

TEST_CASE("A run is written down before it computes") {
    const BusyMachine machine;
    PlayedNetwork network(played_params(MemoryPhases::never));
    auto guard = guard_of(machine, {.runs_per_hour = 1});
    CHECK(PlayedWorker(network, primitives).prove({.guard = &guard}).outcome == ProveOutcome::proved);
    CHECK(RunLog(machine / "runs").within_hour(SystemClock().now()).size() == 1);
    CHECK(network.statuses.front() == MarkStatus::ready);
}

TEST_CASE("A processor that gets too hot while it computes is let go before the window is over") {
    const BusyMachine machine;
    machine.write("hwmon/hwmon0/name", "coretemp\n");
    machine.write("hwmon/hwmon0/temp1_input", "50000\n");
    auto params = played_params(MemoryPhases::never);
    params.compute_window = 5s;
    params.compute_cutoff = params.compute_query_at = params.walk_at = 6s;
    params.walk_cutoff = params.memory_query_at = 8s;
    params.slot = 10s;
    PlayedNetwork network(params);
    network.on_mark = [&](MarkPhase) { machine.write("hwmon/hwmon0/temp1_input", "95000\n"); };
    auto guard = guard_of(machine, {.max_temperature_c = 90});
    const PlayedWorker worker(network, primitives);
    const auto began = std::chrono::steady_clock::now();
    try {
        worker.prove({.guard = &guard});
        FAIL("it went on");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::refused);
        CHECK(error.message().find("95 degrees") != std::string::npos);
    }
    CHECK(std::chrono::steady_clock::now() - began < params.compute_window);
    require_only_heard(network, MarkStatus::ready);
    CHECK(worker.spooled() == 0);
}
