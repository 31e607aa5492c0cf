/// SHA-256 of many equally long messages at once: independent chains fill the units that one chain leaves waiting.
///
///     digest[i] = big-endian bytes of compress(compress(initial, messages[i] block by block), last)
///
/// | argument | shape            | meaning                                                                  |
/// |----------|------------------|--------------------------------------------------------------------------|
/// | initial  | 8 x uint32       | chaining value that all messages start from                              |
/// | messages | count pointers   | first block of each; block b lies `stride` x b bytes further             |
/// | blocks   |                  | 64-byte blocks of each message                                           |
/// | last     | 64 B             | final block, the same for all: the padding of messages of one length     |
/// | digests  | count x 32 B     | overwritten; may be memory that earlier messages were read from          |
///
/// Digest i is written after messages 0 to i were read. Work: count x (blocks + 1) compressions (FIPS 180-4
/// §6.2.2). Identical across all variants. Cannot fail; count and blocks may be zero.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

struct Sha256ManyArguments {
    const std::uint32_t* initial;
    const std::uint8_t* const* messages;
    std::size_t stride;
    std::size_t blocks;
    const std::uint8_t* last;
    std::uint8_t* digests;
    std::size_t count;
};

void sha256_many_reference(const Sha256ManyArguments& arguments) noexcept;
void sha256_many_sha(const Sha256ManyArguments& arguments) noexcept;
void sha256_many_avx512(const Sha256ManyArguments& arguments) noexcept;
void sha256_many_neon(const Sha256ManyArguments& arguments) noexcept;
void sha256_many_neonsha(const Sha256ManyArguments& arguments) noexcept;

} // namespace kaisar::kernels
