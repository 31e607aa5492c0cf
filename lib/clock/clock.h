/// Time, as an interface: what waits or stamps takes a Clock, so that tests need no sleep.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace kaisar {

/// An instant in UTC with the protocol's resolution.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;

class Clock {
public:
    virtual ~Clock() = default;
    virtual Instant now() const = 0;
    /// Never jumps; for measuring durations and for deadlines within one run.
    virtual std::chrono::steady_clock::time_point steady_now() const = 0;
    /// Returns at `deadline`, or earlier with false when `stop` is requested.
    virtual bool sleep_until(Instant deadline, std::stop_token stop) const = 0;
};

class SystemClock final : public Clock {
public:
    Instant now() const override;
    std::chrono::steady_clock::time_point steady_now() const override;
    bool sleep_until(Instant deadline, std::stop_token stop) const override;
};

/// RFC 3339 in UTC with whole seconds: 2026-11-22T19:03:56Z.
std::string format_rfc3339(Instant instant);

/// Accepts what format_rfc3339 writes, with an optional fraction of a second.
std::optional<Instant> parse_rfc3339(std::string_view text);

} // namespace kaisar
