// Four sums of 16 x 16, each fed by the same two tiles: every row of the one and every column of the other is the
// sixteen bytes four times over, so each of the 4 x 256 sums grows by four times their product a round.
#include "kernels/peak/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

struct TileConfiguration {
    std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
    std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfiguration) == 64);

} // namespace

void peak_s8_amx(std::size_t rounds, const std::int8_t* a, const std::int8_t* b, std::uint32_t* out) noexcept {
    alignas(64) const TileConfiguration configuration;
    alignas(64) std::int8_t left[16][64],
        right[16][64]; // right: row r holds bytes 4r … 4r+3 of each of sixteen columns
    for (std::size_t r = 0; r < 16; ++r) {
        for (std::size_t i = 0; i < 64; ++i) {
            left[r][i] = a[i % 16];
            right[r][i] = b[(4 * r + i % 4) % 16];
        }
    }
    _tile_loadconfig(&configuration);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_loadd(4, left, 64);
    _tile_loadd(5, right, 64);
    for (; rounds != 0; --rounds) {
        _tile_dpbssd(0, 4, 5);
        _tile_dpbssd(1, 4, 5);
        _tile_dpbssd(2, 4, 5);
        _tile_dpbssd(3, 4, 5);
    }
    alignas(64) std::uint32_t sums[4][16][16];
    _tile_stored(0, sums[0], 64);
    _tile_stored(1, sums[1], 64);
    _tile_stored(2, sums[2], 64);
    _tile_stored(3, sums[3], 64);
    _tile_release();
    *out = 0;
    for (const auto& tile : sums)
        for (const auto& row : tile)
            for (const auto sum : row) *out += sum;
}

void peak_bf16_amx(std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b, double* out) noexcept {
    alignas(64) const TileConfiguration configuration;
    alignas(64) std::uint16_t left[16][32],
        right[16][32]; // right: row r holds numbers 2r and 2r+1 of each of sixteen columns
    for (std::size_t r = 0; r < 16; ++r) {
        for (std::size_t i = 0; i < 32; ++i) {
            left[r][i] = a[i % 16];
            right[r][i] = b[(2 * r + i % 2) % 16];
        }
    }
    *out = 0;
    _tile_loadconfig(&configuration);
    _tile_loadd(4, left, 64);
    _tile_loadd(5, right, 64);
    while (rounds != 0) { // sums are taken away before they grow too large to be exact
        std::size_t part = rounds < 4096 ? rounds : 4096;
        rounds -= part;
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
        for (; part != 0; --part) {
            _tile_dpbf16ps(0, 4, 5);
            _tile_dpbf16ps(1, 4, 5);
            _tile_dpbf16ps(2, 4, 5);
            _tile_dpbf16ps(3, 4, 5);
        }
        alignas(64) float sums[4][16][16];
        _tile_stored(0, sums[0], 64);
        _tile_stored(1, sums[1], 64);
        _tile_stored(2, sums[2], 64);
        _tile_stored(3, sums[3], 64);
        for (const auto& tile : sums)
            for (const auto& row : tile)
                for (const auto sum : row) *out += static_cast<double>(sum);
    }
    _tile_release();
}

} // namespace kaisar::kernels
