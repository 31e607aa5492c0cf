/// A folder that looks like another machine's /proc and /sys, gone afterwards.
#pragma once

#include "error/error.h"
#include "safeguards/guard.h"

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <sched.h>

namespace kaisar {

class FakeMachine {
public:
    FakeMachine() {
        std::string pattern = (std::filesystem::temp_directory_path() / "kaisar-XXXXXX").string();
        check(::mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
        root_ = pattern;
    }
    FakeMachine(const FakeMachine&) = delete;
    FakeMachine& operator=(const FakeMachine&) = delete;
    ~FakeMachine() { std::filesystem::remove_all(root_); }

    Path operator/(const std::string& name) const { return root_ / name; }
    void write(const std::string& name, std::string_view content) const {
        std::filesystem::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name) << content;
    }

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

private:
    Path root_;
};

} // namespace kaisar
