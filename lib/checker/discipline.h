/// What becomes of checkers that vote against the majority: Kaisar's published rules.
#pragma once

#include "clock/clock.h"

#include <optional>
#include <span>

namespace kaisar::checker {

/// Until when a checker with these wrong votes, in the order of time, gets no tasks; nothing if it gets some at `at`.
///
/// Two within a week keep it out for a month (30 days), five within a month for six months, more than ten in all for
/// good (Instant::max()). A ban begins with the vote that brings it about.
std::optional<Instant> banned_until(std::span<const Instant> wrong_votes, Instant at);

} // namespace kaisar::checker
