/// Another machine that is busy, hot or full.
#pragma once

#include "error/error.h"
#include "safeguards/guard.h"
#include "unit/hardware/fake_machine.h"

#include <fmt/format.h>
#include <sched.h>

namespace kaisar {

class BusyMachine : public FakeMachine {
public:
    /// A /proc/stat of the first processor that this test may run on, busy for so many hundredths of a second.
    void write_busy(std::uint64_t ticks) const {
        cpu_set_t allowed;
        CPU_ZERO(&allowed);
        check(::sched_getaffinity(0, sizeof allowed, &allowed) == 0, "the processors of this test are known");
        int first = 0;
        while (!CPU_ISSET(first, &allowed)) ++first;
        write("stat", fmt::format("cpu{} {} 0 0 1000 0 0 0\n", first, ticks));
    }

    LoadSources load_sources() const {
        return {.stat = *this / "stat", .own_groups = *this / "own", .groups = *this / "fs"};
    }
    GuardSources sources() const {
        return {.load = load_sources(),
                .monitors = *this / "hwmon",
                .zones = *this / "thermal",
                .energy = *this / "powercap"};
    }
};

} // namespace kaisar
