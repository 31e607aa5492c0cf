#include "hardware/cpu_features.h"

#include <array>
#include <string_view>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace kaisar {
namespace {

constexpr std::array<std::pair<CpuFeature, std::string_view>, 11> feature_names{{
    {CpuFeature::avx2, "avx2"},
    {CpuFeature::avx512, "avx512"},
    {CpuFeature::avx512_vnni, "avx512vnni"},
    {CpuFeature::avx512_bf16, "avx512bf16"},
    {CpuFeature::avx_vnni, "avxvnni"},
    {CpuFeature::sha, "sha"},
    {CpuFeature::neon, "neon"},
    {CpuFeature::neon_dot, "neondot"},
    {CpuFeature::neon_sha, "neonsha"},
    {CpuFeature::neon_bf16, "neonbf16"},
    {CpuFeature::amx, "amx"},
}};

#if defined(__x86_64__)

constexpr bool has_bit(unsigned word, unsigned bit) { return (word >> bit & 1) != 0; }

/// The register state that the operating system saves on a context switch (XCR0).
unsigned saved_state() {
    unsigned low = 0, high = 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/// Linux saves the eight kilobytes of tiles only for processes that asked for it (Documentation/arch/x86/xstate.rst).
bool may_use_tiles() {
    constexpr long request_permission = 0x1023, tile_data = 18; // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

CpuFeatures detect() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    CpuFeatures found;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0) return found;
    const bool ssse3_sse41 = has_bit(c, 9) && has_bit(c, 19);
    const bool fma = has_bit(c, 12);
    const unsigned saved = has_bit(c, 27) ? saved_state() : 0;
    const bool saves_ymm = (saved & 0x6) == 0x6;
    const bool saves_zmm = (saved & 0xe6) == 0xe6;
    const bool saves_tiles = (saved & 0x60000) == 0x60000;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return found;
    const bool avx2 = saves_ymm && fma && has_bit(b, 5) && has_bit(b, 8);
    const bool avx512 = saves_zmm && avx2 && has_bit(b, 16) && has_bit(b, 17) && has_bit(b, 30) && has_bit(b, 31);
    if (avx2) found = found | CpuFeature::avx2;
    if (avx512) found = found | CpuFeature::avx512;
    if (avx512 && has_bit(c, 11)) found = found | CpuFeature::avx512_vnni;
    if (ssse3_sse41 && has_bit(b, 29)) found = found | CpuFeature::sha;
    if (avx512 && saves_tiles && has_bit(d, 22) && has_bit(d, 24) && has_bit(d, 25) && may_use_tiles())
        found = found | CpuFeature::amx;
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d) != 0) {
        if (avx2 && has_bit(a, 4)) found = found | CpuFeature::avx_vnni;
        if (avx512 && has_bit(a, 5)) found = found | CpuFeature::avx512_bf16;
    }
    return found;
}

#elif defined(__aarch64__)

CpuFeatures detect() {
    constexpr unsigned long sha2 = 1u << 6, asimddp = 1u << 20; // HWCAP_SHA2, HWCAP_ASIMDDP of <asm/hwcap.h>
    constexpr unsigned long bf16 = 1u << 14;                    // HWCAP2_BF16
    const unsigned long capabilities = getauxval(AT_HWCAP), more = getauxval(AT_HWCAP2);
    CpuFeatures found = CpuFeature::neon;
    if ((capabilities & sha2) != 0) found = found | CpuFeature::neon_sha;
    if ((capabilities & asimddp) != 0) found = found | CpuFeature::neon_dot;
    if ((more & bf16) != 0) found = found | CpuFeature::neon_bf16;
    return found;
}

#else

CpuFeatures detect() { return {}; }

#endif

} // namespace

CpuFeatures detect_cpu_features() { return detect(); }

std::string names_of(CpuFeatures features) {
    std::string names;
    for (const auto& [feature, name] : feature_names) {
        if (!features.includes(feature)) continue;
        if (!names.empty()) names += ' ';
        names += name;
    }
    return names;
}

} // namespace kaisar
