/// When this machine computed within the last hour: one small file, so that a limit holds across runs.
#pragma once

#include "clock/clock.h"
#include "files/files.h"

#include <vector>

namespace kaisar {

class RunLog {
public:
    explicit RunLog(Path file) : file_(std::move(file)) {}

    /// The runs of the hour before `now`. A moment that lies in the future is forgotten: the clock was wrong then.
    std::vector<Instant> within_hour(Instant now) const;
    /// Adds a run and forgets those that are older than an hour.
    void add(Instant now) const;

private:
    Path file_;
};

} // namespace kaisar
