/// How four threads share a page of the memory proof: plain constexpr functions, which a test runs on the host.
///
/// Thread q of the four holds column q of a block's 4 x 4 words, so that the column rounds of ChaCha need nobody else;
/// for the diagonal rounds row r moves by r threads.
#pragma once

#include "kernels/chacha8/device_math.h"

namespace kaisar::kernels::device {

/// Rows 0 to 3 of one column.
struct PageColumn {
    std::uint32_t row[4];
};

constexpr unsigned word_of(unsigned thread, unsigned row) { return 4 * row + thread; }

/// Where a word of a block lies while the page is made: a thread's column is one vector.
constexpr unsigned kept_at(unsigned word) { return 4 * (word % 4) + word / 4; }

/// Whose word of `row` a thread takes before a diagonal round, and after it.
constexpr unsigned diagonal_from(unsigned thread, unsigned row) { return (thread + row) % 4; }
constexpr unsigned column_from(unsigned thread, unsigned row) { return (thread + 4 - row) % 4; }

constexpr void column_round(PageColumn& x) { chacha_quarter(x.row[0], x.row[1], x.row[2], x.row[3]); }

/// The block among the first `span` that a thread's word on the main diagonal points to.
constexpr std::uint32_t pointed_to(std::uint32_t word, std::uint32_t span) {
    return static_cast<std::uint32_t>(std::uint64_t{word} * span >> 32);
}

} // namespace kaisar::kernels::device
