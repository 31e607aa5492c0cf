/// Runs a verified setup plan: each step checked, applied where needed and agreed to, and checked again.
#pragma once

#include "files/files.h"
#include "protocol/setup_plan.h"

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace kaisar {

enum class SetupOutcome { satisfied, applied, declined };

/// What the scripts may know of this worker; everything else is kept from them.
struct SetupSurroundings {
    /// Where each script and its log are kept.
    Path directory;
    /// Passed as KAISAR_DATA_DIR and KAISAR_PROGRAM.
    Path data_dir;
    Path program;
    /// Asked before an optional step is applied.
    std::function<bool(const SetupStep& step)> agrees;
    /// `said` is the last line that the step's scripts wrote; empty when they were silent.
    std::function<void(const SetupStep& step, SetupOutcome outcome, std::string_view said)> on_step;
    std::stop_token stop;
};

/// Runs the steps in order and stops at the first that fails: Error(environment) with the end of its log. A step that
/// asks for a reboot (exit status 100) is Error(environment) too; the next run goes on from there.
void run_setup_plan(const SetupPlan& plan, const SetupSurroundings& surroundings);

} // namespace kaisar
