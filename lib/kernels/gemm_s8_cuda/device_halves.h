/// int8 products by units of half precision, exactly: plain constexpr functions, which a test runs on the host.
///
/// Every int8 is a half. A product of two is at most 2^14 in magnitude, so sums of 512 are at most 2^23: whole numbers
/// that single precision holds exactly, whatever the order in which they are added and even where a matrix unit aligns
/// what it adds to the largest and cuts off what is below that one's 24 bits. They are moved to int32 before a 513th.
#pragma once

#include <cstdint>

namespace kaisar::kernels::device {

inline constexpr unsigned exact_products = 512; // added up in single precision

/// Two halves a word that are 1152 greater than the numbers at bytes 0 and 1 of `word`, or 2 and 3: with 0x64 above it,
/// a byte is a half from 1024 on.
constexpr std::uint32_t raised_halves(std::uint32_t word, unsigned pair) {
    const std::uint32_t bytes = (word ^ 0x80808080) >> 16 * pair;
    return (bytes & 0xff) | (bytes & 0xff00) << 8 | 0x64006400;
}
inline constexpr std::uint32_t raised_by = 0x64806480; // 1152, twice

} // namespace kaisar::kernels::device
