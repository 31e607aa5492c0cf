#include "kernels/page_fill/contract.h"

namespace kaisar::kernels {
namespace {

constexpr std::size_t words = 16;

struct Block {
    std::uint32_t w[words];
};

std::uint32_t rotate_left(std::uint32_t x, unsigned bits) { return x << bits | x >> (32 - bits); }

void quarter(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d) {
    a += b, d = rotate_left(d ^ a, 16);
    c += d, b = rotate_left(b ^ c, 12);
    a += b, d = rotate_left(d ^ a, 8);
    c += d, b = rotate_left(b ^ c, 7);
}

void permute_and_add(Block& x) {
    Block y = x;
    for (int i = 0; i < 4; ++i) {
        quarter(y.w[0], y.w[4], y.w[8], y.w[12]);
        quarter(y.w[1], y.w[5], y.w[9], y.w[13]);
        quarter(y.w[2], y.w[6], y.w[10], y.w[14]);
        quarter(y.w[3], y.w[7], y.w[11], y.w[15]);
        quarter(y.w[0], y.w[5], y.w[10], y.w[15]);
        quarter(y.w[1], y.w[6], y.w[11], y.w[12]);
        quarter(y.w[2], y.w[7], y.w[8], y.w[13]);
        quarter(y.w[3], y.w[4], y.w[9], y.w[14]);
    }
    for (std::size_t i = 0; i < words; ++i) x.w[i] += y.w[i];
}

void load_into(Block& t, const std::uint8_t* from) {
    for (std::size_t i = 0; i < words; ++i, from += 4)
        t.w[i] ^= std::uint32_t{from[0]} | std::uint32_t{from[1]} << 8 | std::uint32_t{from[2]} << 16 |
                  std::uint32_t{from[3]} << 24;
}

void store(const Block& t, std::uint8_t* to) {
    for (std::size_t i = 0; i < words; ++i)
        for (unsigned byte = 0; byte < 4; ++byte) *to++ = static_cast<std::uint8_t>(t.w[i] >> (8 * byte));
}

// Where the block made last points to, among the first `span` blocks.
struct Choice {
    Choice(const Block& t, std::size_t span) {
        for (std::size_t e = 0; e < 4; ++e) r[e] = static_cast<std::size_t>(std::uint64_t{t.w[5 * e]} * span >> 32);
    }
    std::size_t r[4];
};

void mix(Block& t, const std::uint8_t* page, const Choice& choice) {
    for (auto r : choice.r) load_into(t, page + 64 * r);
    permute_and_add(t);
}

void fill_page(const std::uint8_t* start, std::size_t blocks, std::size_t passes, std::uint8_t* page) {
    Block t{};
    load_into(t, start);
    store(t, page);
    for (std::size_t j = 1; j < blocks; ++j) {
        mix(t, page, Choice(t, j));
        store(t, page + 64 * j);
    }
    for (std::size_t pass = 1; pass < passes; ++pass) {
        for (std::size_t j = 0; j < blocks; ++j) {
            const Choice choice(t, blocks); // made before x_j comes in
            load_into(t, page + 64 * j);
            mix(t, page, choice);
            store(t, page + 64 * j);
        }
    }
}

} // namespace

void page_fill_reference(const PageFillArguments& arguments) noexcept {
    const std::size_t page_bytes = 64 * arguments.blocks;
    for (std::size_t p = 0; p < arguments.count; ++p)
        fill_page(arguments.starts + 64 * p, arguments.blocks, arguments.passes, arguments.pages + p * page_bytes);
}

} // namespace kaisar::kernels
