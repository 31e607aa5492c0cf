/// ChaCha with 8 rounds as a keyed random-access generator: block x of the stream depends on nothing but key, nonce and
/// x.
///
/// The 16 input words are: 4 constants ("expand 32-byte k"), 8 key words, counter low, counter high, nonce low, nonce
/// high (Bernstein 2008, the original layout with a 64-bit counter and a 64-bit nonce). All little endian.
///
/// | argument | shape        | meaning                                          |
/// |----------|--------------|--------------------------------------------------|
/// | key      | 32 B         |                                                  |
/// | nonce    | uint64       | which stream                                     |
/// | counter  | uint64       | number of the first block                        |
/// | out      | count x 64 B | overwritten, no alignment needed                 |
///
/// Work: `count` blocks of 64 bytes. Identical across all variants. Cannot fail; count may be zero.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

void chacha8_reference(const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                       std::size_t count) noexcept;
void chacha8_avx2(const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                  std::size_t count) noexcept;
void chacha8_avx512(const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                    std::size_t count) noexcept;
void chacha8_neon(const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                  std::size_t count) noexcept;

} // namespace kaisar::kernels
