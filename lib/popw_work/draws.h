/// What a slot's query picks at random: words of one stream, mapped onto ranges.
#pragma once

#include "popw_work/hashing.h"

#include <vector>

namespace kaisar::popw {

/// The first `count` words of the query's stream: the tile queries take from its beginning, the walk queries go on.
std::vector<std::uint64_t> draw_words(const Primitives& primitives, const Bytes32& query_seed, std::size_t count);

/// Maps a random word evenly onto 0 .. n-1.
constexpr std::uint64_t scale(std::uint64_t word, std::uint64_t n) {
    __extension__ using u128 = unsigned __int128;
    return static_cast<std::uint64_t>(u128{word} * n >> 64);
}

} // namespace kaisar::popw
