#include "popw_work/draws.h"

#include "bytes/little_endian.h"

namespace kaisar::popw {
namespace {

constexpr std::uint64_t query_nonce = 3;
constexpr std::size_t words_per_block = 8;

} // namespace

std::vector<std::uint64_t> draw_words(const Primitives& primitives, const Bytes32& query_seed, std::size_t count) {
    const auto blocks = (count + words_per_block - 1) / words_per_block;
    Bytes stream(8 * words_per_block * blocks);
    primitives.chacha8(query_seed.data(), query_nonce, 0, stream.data(), blocks);
    std::vector<std::uint64_t> words(count);
    for (std::size_t x = 0; x < count; ++x) words[x] = load_le<std::uint64_t>(stream.data() + 8 * x);
    return words;
}

} // namespace kaisar::popw
