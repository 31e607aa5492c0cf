/// The portal's setup scripts as a plan: ordered steps, each with a check and an apply script, signed as a whole.
#pragma once

#include "bytes/bytes.h"
#include "clock/clock.h"

#include <string>
#include <string_view>
#include <vector>

namespace kaisar {

struct SetupStep {
    /// Short and unique in its plan; names the step's log file: lower-case letters, digits, dashes.
    std::string id;
    std::string title;
    /// Exits 0 when nothing is left to do. Run by /bin/sh, before and after `apply`.
    std::string check;
    /// Makes it so. Empty when only the person can (the check's output then says what to do).
    std::string apply;
    bool needs_root = false;
    bool may_reboot = false;
    /// Applied only when the person agrees (or --yes); skipped otherwise without failing the plan.
    bool optional = false;
    std::chrono::seconds timeout{60};
};

struct SetupPlan {
    Bytes32 node_id{};
    Instant issued_at{};
    Instant expires_at{};
    std::vector<SetupStep> steps;
};

inline constexpr std::string_view setup_plan_kind = "setup-plan";

/// `kaisar.setup-plan/1`, each step with the SHA-256 of both scripts.
std::string encode_setup_plan(const SetupPlan& plan);

/// Throws when a field is wrong or a script does not have the digest that stands beside it.
SetupPlan decode_setup_plan(std::string_view text);

} // namespace kaisar
