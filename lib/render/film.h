/// What was rendered, sample by sample: the passes of a picture and where their pixels lie.
#pragma once

#include "bytes/bytes.h"
#include "render/vector.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kaisar::render {

/// One pass takes a pixel of each square of 4 x 4, so that all passes are alike; sixteen passes are a picture with one
/// sample a pixel. After eight of those the same samples come again, with the same colours.
class Film {
public:
    static constexpr std::size_t width = 1024, height = 576;
    static constexpr std::size_t lattice = 4, tile_edge = 16, tile_pixels = tile_edge * tile_edge;
    static constexpr std::size_t samples = 8, passes = lattice * lattice * samples;
    static constexpr std::size_t tiles_across = width / lattice / tile_edge, tiles_down = height / lattice / tile_edge;
    static constexpr std::size_t tiles = tiles_across * tiles_down; ///< a pass

    struct Place {
        std::size_t x, y, sample;
    };
    /// Pixel `i` of a tile; neighbouring sixteens are neighbours in the picture.
    static Place place_of(std::uint64_t pass, std::size_t tile, std::size_t i);

    Film();
    void erase();
    /// Whoever puts a tile of a pass puts the same colours, so it does not matter who comes last.
    void put(std::uint64_t pass, std::size_t tile, std::span<const Vector, tile_pixels> light);
    bool has(std::uint64_t pass, std::size_t tile) const;
    /// Whether these are the colours that were put.
    bool holds(std::uint64_t pass, std::size_t tile, std::span<const Vector, tile_pixels> light) const;

    /// The samples of each pixel averaged, as PNG; pixels without a sample are black.
    Bytes encode_png() const;

private:
    std::optional<std::uint32_t> find(Place place) const;
    static std::size_t index_of(Place place) { return (place.sample * height + place.y) * width + place.x; }
    std::vector<std::atomic<std::uint32_t>> samples_;
};

} // namespace kaisar::render
