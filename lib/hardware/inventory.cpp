#include "hardware/inventory.h"

#include "error/error.h"
#include "hardware/detection.h"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace kaisar {
namespace {

std::uint64_t left_of_limit(__rlimit_resource limit, std::uint64_t used) {
    rlimit limits{};
    if (::getrlimit(limit, &limits) != 0 || limits.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
    return limits.rlim_cur > used ? limits.rlim_cur - used : 0;
}

} // namespace

std::string read_system_file(const std::string& path) {
    constexpr std::size_t limit_bytes = 65536;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return {};
    std::string text(limit_bytes, '\0');
    std::size_t size = 0;
    // These files say nothing about their size beforehand, and may fail in the middle (a NIC that is down answers
    // EINVAL).
    while (size < limit_bytes) {
        const auto got = ::read(file, text.data() + size, limit_bytes - size);
        if (got <= 0) break;
        size += static_cast<std::size_t>(got);
    }
    ::close(file);
    text.resize(size);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

std::uint64_t meminfo_bytes(std::string_view meminfo, std::string_view name) {
    for (std::size_t at = 0; at < meminfo.size();) {
        const auto end = std::min(meminfo.find('\n', at), meminfo.size());
        auto line = meminfo.substr(at, end - at);
        at = end + 1;
        if (line.size() <= name.size() || !line.starts_with(name) || line[name.size()] != ':') continue;
        line.remove_prefix(std::min(line.find_first_of("0123456789"), line.size()));
        std::uint64_t kibibytes = 0;
        std::from_chars(line.data(), line.data() + line.size(), kibibytes);
        return kibibytes * 1024;
    }
    return 0;
}

Memory detect_memory(const ControlGroupLimits& limits, const Path& meminfo) {
    Memory memory;
    memory.total_bytes = meminfo_bytes(read_system_file(meminfo), "MemTotal");
    memory.usable_bytes = std::min(memory.total_bytes, limits.memory_bytes.value_or(memory.total_bytes));
    return memory;
}

std::uint64_t detect_available_memory_bytes() {
    auto available = meminfo_bytes(read_system_file("/proc/meminfo"), "MemAvailable");
    available = std::min(available, detect_control_group_limits().free_memory_bytes.value_or(available));
    const auto status = read_system_file("/proc/self/status");
    available = std::min(available, left_of_limit(RLIMIT_AS, meminfo_bytes(status, "VmSize")));
    return std::min(available, left_of_limit(RLIMIT_DATA, meminfo_bytes(status, "VmData")));
}

Inventory detect_inventory() {
    const auto limits = detect_control_group_limits();
    Inventory inventory;
    inventory.cpu = detect_cpu(limits);
    inventory.memory = detect_memory(limits);
    inventory.disks = detect_disks();
    inventory.nics = detect_nics();
    inventory.gpus = detect_gpus();
    inventory.system = detect_system();
    return inventory;
}

std::optional<FreeSpace> find_free_space(const std::string& path) {
    struct statvfs answer {};
    if (::statvfs(path.c_str(), &answer) != 0) return std::nullopt;
    return FreeSpace{answer.f_blocks * answer.f_frsize, answer.f_bavail * answer.f_frsize};
}

std::string detect_boot_id() {
    auto id = read_system_file("/proc/sys/kernel/random/boot_id");
    if (id.empty())
        throw Error(ErrorKind::environment, "the kernel does not tell its boot id (/proc/sys/kernel/random/boot_id)",
                    "mount /proc with the sysctl files readable");
    return id;
}

} // namespace kaisar
