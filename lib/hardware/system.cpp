#include "hardware/detection.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/utsname.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace kaisar {
namespace {

#if defined(__x86_64__)

std::string detect_hypervisor() {
    constexpr unsigned hypervisor_leaf = 0x40000000;
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c >> 31 & 1) == 0) return {};
    __cpuid(hypervisor_leaf, a, b, c, d);
    std::array<char, 13> name{};
    std::memcpy(name.data(), &b, 4);
    std::memcpy(name.data() + 4, &c, 4);
    std::memcpy(name.data() + 8, &d, 4);
    const std::string text = name.data();
    if (text == "KVMKVMKVM") return "KVM";
    if (text == "Microsoft Hv") return "Hyper-V";
    if (text == "VMwareVMware") return "VMware";
    if (text == "XenVMMXenVMM") return "Xen";
    return std::all_of(text.begin(), text.end(), [](char letter) { return letter >= ' ' && letter <= '~'; })
               ? text
               : "unknown";
}

#else

std::string detect_hypervisor() { return read_system_file("/sys/hypervisor/type"); }

#endif

/// The value of `NAME="value"` in os-release, without its quotes.
std::string os_release_value(std::string_view text, std::string_view name) {
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        auto line = text.substr(at, end - at);
        at = end + 1;
        if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != '=') continue;
        line.remove_prefix(name.size() + 1);
        if (line.size() >= 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
        return std::string(line);
    }
    return {};
}

} // namespace

System detect_system(const Path& dmi, const Path& os_release) {
    System system;
    system.vendor = read_system_file(dmi / "sys_vendor");
    system.product = read_system_file(dmi / "product_name");
    utsname names{};
    if (uname(&names) == 0) system.kernel = std::string(names.sysname) + " " + names.release;
    system.distribution = os_release_value(read_system_file(os_release), "PRETTY_NAME");
    system.hypervisor = detect_hypervisor();
    return system;
}

} // namespace kaisar
