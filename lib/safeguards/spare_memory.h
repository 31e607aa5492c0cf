/// How much memory a proof may take without pushing anything into swap or waking the kernel's memory killer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kaisar {

/// As much as is `wanted`, or half of what is available where nothing is; never more than is available now less a
/// reserve for everything else.
std::uint64_t allowed_memory_bytes(std::optional<std::uint64_t> wanted);
std::uint64_t allowed_memory_bytes(std::optional<std::uint64_t> wanted, std::uint64_t available);

/// Should memory run out all the same, by others' doing, the kernel ends this process first and none of the owner's.
/// Without effect where the system does not offer it.
void offer_to_be_ended_first(const std::string& adjustment_file = "/proc/self/oom_score_adj");

/// Why the system gives this process no huge pages, and how it would; nothing where it does. `switch_file` holds the
/// system's setting, `status_file` the process's own.
std::optional<std::string>
find_huge_page_fault(const std::string& switch_file = "/sys/kernel/mm/transparent_hugepage/enabled",
                     const std::string& status_file = "/proc/self/status");

} // namespace kaisar
