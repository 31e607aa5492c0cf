#include "hardware/detection.h"

#include <algorithm>
#include <charconv>

namespace kaisar {
namespace {

/// Names of the entries of a folder, sorted, so that the same machine always gives the same inventory.
std::vector<std::string> names_in(const Path& folder) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

std::uint64_t number_in(const Path& file) {
    const auto text = read_system_file(file);
    std::uint64_t value = 0; // "-1", what a NIC without a link says, stays zero
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool is_there(const Path& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

std::string link_target_name(const Path& link) {
    std::error_code problem;
    const auto target = std::filesystem::read_symlink(link, problem);
    return problem ? std::string() : target.filename().string();
}

/// The interfaces that /proc/net/route names, first column, without its heading.
std::vector<std::string> routed_interfaces(const Path& routes) {
    std::vector<std::string> names;
    const auto text = read_system_file(routes);
    for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
        const auto name = text.substr(at + 1, text.find_first_of("\t\n", at + 1) - at - 1);
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

std::vector<Disk> detect_disks(const Path& blocks) {
    constexpr std::uint64_t sector_bytes = 512; // the unit of /sys/block/*/size, whatever the disk's own sector is
    std::vector<Disk> disks;
    for (const auto& name : names_in(blocks)) {
        const auto folder = blocks / name;
        if (!is_there(folder / "device")) continue;
        Disk disk{name, read_system_file(folder / "device/model"), number_in(folder / "size") * sector_bytes,
                  number_in(folder / "queue/rotational") != 0};
        if (disk.size_bytes != 0) disks.push_back(std::move(disk)); // an empty card reader has none
    }
    return disks;
}

std::vector<Nic> detect_nics(const Path& interfaces, const Path& routes) {
    constexpr std::uint64_t megabit = 1'000'000;
    std::vector<std::string> names;
    for (auto& name : names_in(interfaces))
        if (is_there(interfaces / name / "device")) names.push_back(std::move(name));
    if (names.empty()) names = routed_interfaces(routes);
    std::vector<Nic> nics;
    for (auto& name : names) {
        const auto folder = interfaces / name;
        nics.push_back({name, link_target_name(folder / "device/driver"), number_in(folder / "speed") * megabit});
    }
    return nics;
}

} // namespace kaisar
