/// Several devices at work at once, each by a thread of its own, and none ended by another's failure.
#pragma once

#include "error/error.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace kaisar {

/// Calls work(i) for i below `count`, all at once, and waits for all. Errors of the kinds environment and mismatch are
/// the device's own and are returned in its place; anything else asks `stop` to stop, and is thrown when all are back.
std::vector<std::optional<Error>> run_each(std::size_t count, const std::function<void(std::size_t)>& work,
                                           std::stop_source stop = std::stop_source(std::nostopstate));

} // namespace kaisar
