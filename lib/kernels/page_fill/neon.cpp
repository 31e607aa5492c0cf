// A block is four rows of four words, a register each. Four pages run in step, because one leaves the processor waiting
// for each step of its chain.
#include "kernels/page_fill/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t lanes = 4;

struct Rows {
    uint32x4_t r[4];
};

Rows load(const std::uint8_t* from) {
    Rows rows;
    for (std::size_t i = 0; i < 4; ++i) rows.r[i] = vreinterpretq_u32_u8(vld1q_u8(from + 16 * i));
    return rows;
}

template <int Bits>
__attribute__((always_inline)) inline uint32x4_t rotate_left(uint32x4_t x) {
    if constexpr (Bits == 16) {
        return vreinterpretq_u32_u16(vrev32q_u16(vreinterpretq_u16_u32(x)));
    } else if constexpr (Bits == 8) {
        constexpr std::uint8_t order[16] = {3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14};
        return vreinterpretq_u32_u8(vqtbl1q_u8(vreinterpretq_u8_u32(x), vld1q_u8(order)));
    } else {
        return vsriq_n_u32(vshlq_n_u32(x, Bits), x, 32 - Bits);
    }
}

template <int Left, int Right>
__attribute__((always_inline)) inline void half_round(Rows (&x)[lanes]) {
#pragma GCC unroll 4
    for (auto& y : x) {
        y.r[0] = vaddq_u32(y.r[0], y.r[1]);
        y.r[3] = rotate_left<Left>(veorq_u32(y.r[3], y.r[0]));
    }
#pragma GCC unroll 4
    for (auto& y : x) {
        y.r[2] = vaddq_u32(y.r[2], y.r[3]);
        y.r[1] = rotate_left<Right>(veorq_u32(y.r[1], y.r[2]));
    }
}

/// Turns the rows so that columns become diagonals, or back.
template <int Second, int Fourth>
__attribute__((always_inline)) inline void turn(Rows (&x)[lanes]) {
#pragma GCC unroll 4
    for (auto& y : x) {
        y.r[1] = vextq_u32(y.r[1], y.r[1], Second);
        y.r[2] = vextq_u32(y.r[2], y.r[2], 2);
        y.r[3] = vextq_u32(y.r[3], y.r[3], Fourth);
    }
}

__attribute__((always_inline)) inline void permute_and_add(Rows (&x)[lanes]) {
    Rows y[lanes] = {x[0], x[1], x[2], x[3]};
    for (int i = 0; i < 4; ++i) {
        half_round<16, 12>(y);
        half_round<8, 7>(y);
        turn<1, 3>(y);
        half_round<16, 12>(y);
        half_round<8, 7>(y);
        turn<3, 1>(y);
    }
    for (std::size_t lane = 0; lane < lanes; ++lane)
        for (std::size_t i = 0; i < 4; ++i) x[lane].r[i] = vaddq_u32(x[lane].r[i], y[lane].r[i]);
}

struct Pages {
    std::uint8_t* page[lanes];

    void store(const Rows (&t)[lanes], std::size_t j) const {
        for (std::size_t lane = 0; lane < lanes; ++lane)
            for (std::size_t i = 0; i < 4; ++i)
                vst1q_u8(page[lane] + 64 * j + 16 * i, vreinterpretq_u8_u32(t[lane].r[i]));
    }
    /// Mixes block j of a page into its lane.
    void mix_block(Rows& t, std::size_t lane, std::size_t j) const {
        const Rows block = load(page[lane] + 64 * j);
        for (std::size_t i = 0; i < 4; ++i) t.r[i] = veorq_u32(t.r[i], block.r[i]);
    }
    /// Mixes in the four blocks among the first `span` that t's diagonal chooses.
    void mix_chosen(Rows& t, std::size_t lane, std::size_t span) const {
        const std::uint32_t diagonal[4] = {vgetq_lane_u32(t.r[0], 0), vgetq_lane_u32(t.r[1], 1),
                                           vgetq_lane_u32(t.r[2], 2), vgetq_lane_u32(t.r[3], 3)};
        for (const auto word : diagonal) mix_block(t, lane, word * static_cast<std::uint64_t>(span) >> 32);
    }
};

void fill_four(const std::uint8_t* const* starts, std::size_t blocks, std::size_t passes, const Pages& pages) {
    Rows t[lanes];
    for (std::size_t lane = 0; lane < lanes; ++lane) t[lane] = load(starts[lane]);
    pages.store(t, 0);
    for (std::size_t j = 1; j < blocks; ++j) {
        for (std::size_t lane = 0; lane < lanes; ++lane) pages.mix_chosen(t[lane], lane, j);
        permute_and_add(t);
        pages.store(t, j);
    }
    for (std::size_t pass = 1; pass < passes; ++pass) {
        for (std::size_t j = 0; j < blocks; ++j) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                pages.mix_chosen(t[lane], lane, blocks);
                pages.mix_block(t[lane], lane, j);
            }
            permute_and_add(t);
            pages.store(t, j);
        }
    }
}

} // namespace

void page_fill_neon(const PageFillArguments& arguments) noexcept {
    const std::size_t page_bytes = 64 * arguments.blocks;
    for (std::size_t first = 0; first < arguments.count; first += lanes) {
        const std::uint8_t* starts[lanes]; // lanes without a page repeat the last one: the same bytes to the same place
        Pages pages;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const std::size_t p = first + lane < arguments.count ? first + lane : arguments.count - 1;
            starts[lane] = arguments.starts + 64 * p;
            pages.page[lane] = arguments.pages + page_bytes * p;
        }
        fill_four(starts, arguments.blocks, arguments.passes, pages);
    }
}

} // namespace kaisar::kernels
