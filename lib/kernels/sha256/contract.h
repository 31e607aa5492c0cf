/// The SHA-256 compression function (FIPS 180-4 §6.2.2).
///
/// | argument | shape         | meaning                                                    |
/// |----------|---------------|------------------------------------------------------------|
/// | state    | 8 x uint32    | chaining value H, read and replaced                        |
/// | blocks   | count x 64 B  | message blocks; padding is the caller's                    |
///
/// Work: `count` compressions. Identical across all variants. Cannot fail; count may be zero.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

void sha256_reference(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) noexcept;
void sha256_sha(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) noexcept;
void sha256_neonsha(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) noexcept;

} // namespace kaisar::kernels
